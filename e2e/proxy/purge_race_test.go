package proxy

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// asked is a request with its only right answer.
type asked struct {
	path, accept string
	body         []byte
}

// racing are small pictures, which are quick to make again. No two answers are equal.
func racing(t *testing.T, front string) []asked {
	t.Helper()
	var all []asked
	seen := map[string]string{}
	for _, picture := range []string{"gray.jpg", "alpha.png", "palette.png", "orientation-6.jpg"} {
		for _, ops := range []string{"40x30", "32x32,f_auto", "x24,f_png"} {
			for _, accept := range []string{"", "image/webp"} {
				if accept != "" && !strings.Contains(ops, "f_auto") {
					continue
				}
				a := asked{path: "/" + ops + "/odd/" + picture, accept: accept}
				r := e2e.Get(t, front+a.path, "Accept", accept)
				if r.Status != http.StatusOK {
					t.Fatalf("%s: %d %s", a.path, r.Status, r.Body)
				}
				before, ok := seen[string(r.Body)]
				if before == a.path {
					continue // the plain format has fewer bytes
				}
				if ok {
					t.Fatalf("%s is the same picture as %s", a.path, before)
				}
				seen[string(r.Body)] = a.path
				a.body = r.Body
				all = append(all, a)
			}
		}
	}
	return all
}

// check sends the request and says what is wrong with the answer.
func (a asked) check(front string) error {
	r, err := e2e.Do(http.MethodGet, front+a.path, "Accept", a.accept)
	switch {
	case err != nil:
		return err
	case r.Status != http.StatusOK:
		return fmt.Errorf("%s: %d %s", a.path, r.Status, r.Body)
	case !bytes.Equal(r.Body, a.body):
		return fmt.Errorf("%s: %d bytes that are not the picture's %d", a.path, len(r.Body), len(a.body))
	}
	return nil
}

// Whatever is removed from the cache at whatever time, every answer is the right picture.
func TestNginxWhilePurging(t *testing.T) {
	t.Parallel()
	const (
		answers = 1500
		clients = 8
		every   = 50 // answers between two removals
	)
	cache := t.TempDir()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", cache, "--accel", "/cache/")
	front := e2e.Nginx(t, s, cache, nil)
	pictures := racing(t, front)
	known := append(e2e.Files(t, filepath.Join(cache, "originals")), e2e.Files(t, filepath.Join(cache, "derivatives"))...)

	var given, wrong, removed atomic.Int64
	var clientsDone, purger sync.WaitGroup
	for c := range clients {
		clientsDone.Go(func() {
			for i := c; ; i += clients {
				n := given.Add(1)
				if n > answers || wrong.Load() > 10 {
					return
				}
				if n%every == 0 { // the others go on meanwhile
					removed.Add(removeAll(t, known))
				}
				if err := pictures[(i/clients+c)%len(pictures)].check(front); err != nil {
					wrong.Add(1)
					t.Error(err)
				}
			}
		})
	}
	stop := make(chan struct{})
	purger.Go(func() { purgeUntil(t, stop, cache) })
	clientsDone.Wait()
	close(stop)
	purger.Wait()
	outcomes := func(name string) float64 {
		n, _ := s.MetricIfAny(t, `thumbery_requests_total{outcome="`+name+`",status="200"}`)
		return n
	}
	hits, misses := outcomes("disk"), outcomes("miss")+outcomes("shared")
	t.Logf("%d answers, %d files removed, %.0f hits, %.0f misses, %.0f of them asked for a second time by nginx",
		answers, removed.Load(), hits, misses, hits+misses-answers-float64(len(pictures)))
	if removed.Load() < answers/every || hits < answers/100 {
		t.Errorf("%d files were removed, and there were %.0f hits: this was no race", removed.Load(), hits)
	}
}

// purgeUntil runs one thumbery purge after the other.
func purgeUntil(t *testing.T, stop <-chan struct{}, cache string) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		if out, err := exec.Command(e2e.Binary, "purge", "--cache", cache, "--max-files", "8").CombinedOutput(); err != nil {
			t.Errorf("thumbery purge: %v\n%s", err, out)
			return
		}
	}
}

// removeAll removes the files that exist and returns their number.
func removeAll(t *testing.T, paths []string) (n int64) {
	for _, path := range paths {
		switch err := os.Remove(path); {
		case err == nil:
			n++
		case !os.IsNotExist(err):
			t.Error(err)
		}
	}
	return n
}
