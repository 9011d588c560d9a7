package faults

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/thumbery/thumbery/e2e"

	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/cache/eviction"
)

// writing are the failpoints of writing a file to the cache, and how many files exist when
// the process is killed there.
var writing = []struct {
	point             string
	temporary, bodies int
}{
	{"key written", 0, 0}, // of originals only
	{"key synced", 0, 0},
	{"temp file created", 1, 0},
	{"temp file written", 1, 0},
	{"temp file stamped", 1, 0},
	{"temp file synced", 1, 0},
	{"temp file renamed", 0, 1},
}

// keysOnly is how many of them only concern originals.
const keysOnly = 2

// A server that is killed at any step of writing its first original, or its first
// derivative, leaves only complete files and temp files that a purge removes. The next
// server serves the picture, and a purge by prefix finds it.
func TestKilledAtEachStep(t *testing.T) {
	t.Parallel()
	const key, path = "photos/logo.png", "/40x/photos/logo.png" // less than is written at once
	for i, step := range writing {
		for n, tier := range []string{disk.Originals, disk.Derivatives} {
			if i < keysOnly && tier != disk.Originals {
				continue
			}
			t.Run(step.point+" of "+tier, func(t *testing.T) {
				t.Parallel()
				c := newCrash(t, key)
				s := e2e.ServeUntil(t, fmt.Sprintf("%s:%d", step.point, n+1), c.args...)
				c.request(s, path)
				s.AwaitStop(t)
				s.Kill(t)
				c.requests.Wait()
				c.check(t)
				c.wantFiles(t, disk.Temporary, step.temporary)
				c.wantFiles(t, tier, step.bodies)
				if tier == disk.Derivatives {
					c.wantFiles(t, disk.Originals, 1)
				}
				c.recover(t)
			})
		}
	}
}

// A server that is killed at any step of writing, while four clients request new
// derivatives, leaves only complete files: each has a valid name and is the original of
// that name, or a picture that decodes.
func TestKilledWhileWriting(t *testing.T) {
	t.Parallel()
	keys := []string{"photos/cat.jpg", "photos/coast.jpg", "photos/logo.png", "odd/16bit.png"}
	c := newCrash(t, keys...)
	for i, step := range writing {
		for _, n := range []int{1, 3} { // each server notes four keys
			s := e2e.ServeUntil(t, fmt.Sprintf("%s:%d", step.point, n), c.args...)
			stop := make(chan struct{})
			for worker := range 4 {
				c.requests.Go(func() { load(s, stop, keys, fmt.Sprintf("%02x%02x", i, 16*n+worker), worker) })
			}
			s.AwaitStop(t)
			s.Kill(t)
			close(stop)
			c.requests.Wait()
			c.check(t)
			for _, dir := range []string{disk.Originals, "keys"} { // the next one writes them again
				for _, path := range e2e.Files(t, filepath.Join(c.dir, dir)) {
					if err := os.Remove(path); err != nil {
						t.Fatal(err)
					}
				}
			}
			if t.Failed() {
				t.Fatalf("after %s:%d", step.point, n)
			}
		}
	}
	c.recover(t)
}

// load requests one new derivative after the other. Errors are expected: the server is
// killed.
func load(s *e2e.Server, stop <-chan struct{}, keys []string, colour string, first int) {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
			_, _ = e2e.Do(http.MethodGet, fmt.Sprintf("%s/40x,bg_%s%02x/%s", s.URL, colour, i%256, keys[(i+first)%len(keys)]))
		}
	}
}

// crash is a cache directory whose processes are killed.
type crash struct {
	dir       string
	args      []string          // of serve
	originals map[string][]byte // by name
	seen      map[string]bool   // derivatives found whole before, which nobody writes again
	requests  sync.WaitGroup    // that are under way
}

func newCrash(t *testing.T, keys ...string) *crash {
	t.Helper()
	c := &crash{dir: t.TempDir(), originals: map[string][]byte{}, seen: map[string]bool{}}
	c.args = []string{"--source", "/=file:" + e2e.Testdata(t), "--cache", c.dir, "--mezzanine", "0"}
	for _, key := range keys {
		c.originals[e2e.NameOf(key)] = e2e.Read(t, filepath.Join(e2e.Testdata(t), key))
	}
	return c
}

// request requests a picture that will not come.
func (c *crash) request(s *e2e.Server, path string) {
	c.requests.Go(func() { _, _ = e2e.Do(http.MethodGet, s.URL+path) })
}

func (c *crash) check(t *testing.T) {
	t.Helper()
	checkCache(t, c.dir, c.originals, c.seen)
}

func (c *crash) wantFiles(t *testing.T, dir string, n int) {
	t.Helper()
	if found := e2e.Files(t, filepath.Join(c.dir, dir)); len(found) != n {
		t.Errorf("%d files in %s, want %d: %v", len(found), dir, n, found)
	}
}

// recover starts a server and purges after a crash, and checks the result.
func (c *crash) recover(t *testing.T) {
	t.Helper()
	s := e2e.Serve(t, c.args...)
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/300x200/photos/cat.jpg"), 300, 200, "jpeg")
	left := int64(len(e2e.Files(t, filepath.Join(c.dir, disk.Temporary))))
	// Two hours later, when what nobody has written to for an hour is of no process.
	later := disk.PurgeOptions{Now: func() time.Time { return time.Now().Add(2 * time.Hour) }}
	switch sum, err := disk.Purge(t.Context(), c.dir, eviction.Policy{}, later); {
	case err != nil || sum.Failed > 0 || sum.StaleTemps.Files != left:
		t.Errorf("purge of %d temporary files: %+v, %v", left, sum, err)
	}
	c.wantFiles(t, disk.Temporary, 0)
	if out, status := e2e.Purge(t, "--cache", c.dir, "--prefix", "photos/"); status != 0 {
		t.Errorf("purge --prefix: %d %s", status, out)
	}
	pictures := slices.Concat(e2e.Files(t, filepath.Join(c.dir, disk.Originals)), e2e.Files(t, filepath.Join(c.dir, disk.Derivatives)))
	for _, path := range pictures {
		if name := filepath.Base(path); name[:32] != e2e.NameOf("odd/16bit.png") {
			t.Errorf("%s was not found by its prefix", path)
		}
	}
}
