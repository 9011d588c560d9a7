package faults

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/thumbery/thumbery/e2e"

	"github.com/thumbery/thumbery/cache/disk"
)

// planted is the number of old derivatives that each purge finds.
const planted = 30

// purging are the failpoints of a purge, and how many of the planted files are gone when it
// is killed there.
var purging = []struct {
	point string
	gone  int
}{
	{"directory read", 0},
	{"file removed", 1},
	{"file removed:15", 15},
	{"file removed:30", planted},
	{"replacement written", planted}, // of the journal, from here on
	{"replacement synced", planted},
	{"replacement renamed", planted},
	{"replacement written:2", planted}, // of the census
	{"replacement synced:2", planted},
	{"replacement renamed:2", planted},
}

// A purge that is killed at any step leaves only complete files; the next purge finishes
// the work, and a server on the same cache directory notices nothing.
func TestKilledWhilePurging(t *testing.T) {
	t.Parallel()
	const old, beside = "photos/cat.jpg", "photos/coast.jpg"
	c := newCrash(t, old, beside)
	s := e2e.Serve(t, c.args...)
	picture := e2e.Get(t, s.URL+"/40x/"+old).Body
	for i, step := range purging {
		t.Run(step.point, func(t *testing.T) {
			noteUnused(t, c.dir, old)
			plant(t, c.dir, e2e.NameOf(old), picture, planted)
			before := len(e2e.Files(t, filepath.Join(c.dir, disk.Derivatives)))
			p := e2e.StartUntil(t, step.point, "purge", "--cache", c.dir, "--older-than", "1d")
			p.AwaitStop(t)
			if r, err := e2e.Do(http.MethodGet, fmt.Sprintf("%s/40x,bg_%06x/%s", s.URL, i, old)); err != nil || r.Status != 200 {
				t.Errorf("the server beside it: %d, %v", r.Status, err)
			}
			p.Kill(t)
			c.check(t)
			c.wantFiles(t, disk.Derivatives, before-step.gone+1)
			wantPurged(t, c.dir)
		})
	}
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/300x200/"+beside), 300, 200, "jpeg")
	c.recover(t)
}

// noteUnused adds old lines for missing pictures to the part of the journal that a key
// belongs to, so that a purge rewrites it.
func noteUnused(t *testing.T, dir, key string) {
	t.Helper()
	path := filepath.Join(dir, "keys", e2e.NameOf(key)[:2])
	shard := e2e.NameOf(key)[:2]
	for i, size := 0, len(e2e.Read(t, path)); size < 1000; i++ {
		if unused := fmt.Sprintf("unused/%d", i); e2e.NameOf(unused)[:2] == shard {
			line := fmt.Sprintf("\n%d %q", time.Now().Add(-24*time.Hour).Unix(), unused)
			appendLine(t, path, line)
			size += len(line)
		}
	}
}

func appendLine(t *testing.T, path, line string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(line)
	if closeErr := f.Close(); err != nil || closeErr != nil {
		t.Fatal(err, closeErr)
	}
}

// wantPurged purges and checks that no old derivatives are left.
func wantPurged(t *testing.T, dir string) {
	t.Helper()
	if out, status := e2e.Purge(t, "--cache", dir, "--older-than", "1d"); status != 0 {
		t.Errorf("afterwards: %d %s", status, out)
	}
	for _, path := range e2e.Files(t, filepath.Join(dir, disk.Derivatives)) {
		if info, err := os.Stat(path); err != nil || e2e.Accessed(info).Before(time.Now().Add(-24*time.Hour)) {
			t.Errorf("%s is old and still there, %v", path, err)
		}
	}
}

// plant adds n derivatives of an original that were last used long ago.
func plant(t *testing.T, cache, source string, picture []byte, n int) {
	t.Helper()
	long := time.Now().Add(-100 * 24 * time.Hour)
	for range n {
		path := filepath.Join(cache, "derivatives", source[:3], fmt.Sprintf("%s-%024x", source, rand.Uint64()))
		if err := os.WriteFile(path, picture, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, long, long); err != nil {
			t.Fatal(err)
		}
	}
}
