package serve

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/thumbery/thumbery/e2e"

	"github.com/thumbery/thumbery/internal/testkit/minio"
)

func escaped(key string) string { return (&url.URL{Path: key}).EscapedPath() }

// Accept headers of browsers, and of none.
var accepts = []string{"image/avif,image/webp,*/*", "image/webp,*/*", "*/*"}

// wantPrimed asks for each of paths as every browser does, and none may have to be
// made.
func wantPrimed(t *testing.T, s *e2e.Server, keys []string, ops ...string) {
	t.Helper()
	for _, key := range keys {
		for _, ops := range ops {
			for _, accept := range accepts {
				r := e2e.Get(t, s.URL+"/"+ops+"/"+escaped(key), "Accept", accept)
				if status := r.Header.Get("Cache-Status"); r.Status != 200 || !strings.HasPrefix(status, "thumbery;hit") {
					t.Fatalf("%s of %s for %s: %d %s", ops, key, accept, r.Status, status)
				}
			}
		}
	}
}

// A bucket is primed by a server that goes on serving, and by a process of its own:
// afterwards every request is a hit.
func TestPrime(t *testing.T) {
	t.Parallel()
	objects := map[string][]byte{"notes.txt": []byte("no picture")}
	var keys []string
	for i, name := range []string{"gray", "orientation-6", "adobe-rgb"} {
		key := fmt.Sprintf("in/%d %s ü.jpg", i, name)
		keys = append(keys, key)
		objects[key] = e2e.Read(t, filepath.Join(e2e.Testdata(t), "odd", name+".jpg"))
	}
	store, args := e2e.S3(t, objects)
	args = append(args, "--no-sync", "--preset", "thumb=60x40", "--preset", "card=120x,f_auto", "--format", "auto", "--quality", "webp=50")
	s := e2e.Serve(t, args...)
	t.Run("Server", func(t *testing.T) { testPrimeServer(t, s, keys) })
	s.Stop(t)
	t.Run("Here", func(t *testing.T) {
		args := append(args, "--cache", t.TempDir())
		testPrimeHere(t, store, args, keys)
	})
}

// testPrimeServer: the work goes through the admin listener, and live requests
// beside it are answered.
func testPrimeServer(t *testing.T, s *e2e.Server, keys []string) {
	ended := make(chan struct{})
	var live sync.WaitGroup
	for i := range 2 {
		live.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-ended:
					return
				case <-time.After(10 * time.Millisecond):
				}
				r, err := e2e.Do(http.MethodGet, fmt.Sprintf("%s/%dx,q_33/%s", s.URL, 20+2*n+i, escaped(keys[n%len(keys)])))
				if err != nil || r.Status != 200 {
					t.Errorf("beside it: %d, %v", r.Status, err)
					return
				}
			}
		})
	}
	got := e2e.Prime(t, keys, "--server", s.Admin, "--preset-all", "--all-formats").End(t, 0)
	close(ended)
	live.Wait()
	if got.Pictures != len(keys) || got.Made != 6*len(keys) || !got.Complete {
		t.Errorf("%+v", got)
	}
	wantPrimed(t, s, keys, "thumb", "card")
	if got = e2e.Prime(t, keys, "--server", s.Admin, "--preset-all", "--all-formats").End(t, 0); got.There != 6*len(keys) {
		t.Errorf("again: %+v", got)
	}
}

// SIGINT closes the connection, which stops the work of the server; another run goes on.
func TestPrimeStopped(t *testing.T) {
	t.Parallel()
	objects := map[string][]byte{}
	for _, key := range []string{"in/1.jpg", "in/2.jpg", "in/3.jpg"} {
		objects[key] = e2e.Read(t, filepath.Join(e2e.Testdata(t), "odd", "gray.jpg"))
	}
	args := e2e.Bucket(t, objects)
	gate := newGate(t, endpoint(args[1]), isFetch, int64(len(objects))-1)
	args[1] = gate.through(args[1])
	s := e2e.Serve(t, append(args, "--first-byte-timeout", "1h", "--fetch-timeout", "1h")...)
	what := []string{"--server", s.Admin, "--prefix", "in/", "--ops", "30x,f_png", "--ops", "31x,f_png"}
	p := e2e.Prime(t, nil, what...)
	gate.awaitClosed(t)
	s.AwaitMetric(t, `thumbery_primed_total{result="ok"}`, 4) // the other two
	_ = p.Cmd.Process.Signal(syscall.SIGINT)
	before := p.End(t, 1)
	if before.Complete || before.Made > 4 || !strings.Contains(p.Wrote.String(), "run it again to go on") {
		t.Errorf("stopped: %+v, %s", before, &p.Wrote)
	}
	s.Log.AwaitText(t, `msg="priming has ended" state=stopped`)
	gate.open()
	after := e2e.Prime(t, nil, what...).End(t, 0)
	if after.There != 4 || after.Made != 2 || !after.Complete {
		t.Errorf("stopped at %+v, and then %+v", before, after)
	}
}

func endpoint(source string) string {
	_, url, _ := strings.Cut(source, "endpoint=")
	return url
}

// testPrimeHere: what a process of its own has made a server with the same flags
// has, with S3 gone.
func testPrimeHere(t *testing.T, store *minio.Server, args, keys []string) {
	what := append(args, "--preset-all", "--ops", "50x60,g_smart", "--ops", "70x,v_2", "--ops", "info", "--all-formats", "--prefix", "/")
	got := e2e.Prime(t, nil, what...).End(t, 0)
	if got.Pictures != len(keys)+1 || got.NotPictures != 1 || got.There != 0 || !got.Complete {
		t.Errorf("%+v", got)
	}
	if again := e2e.Prime(t, nil, what...).End(t, 0); again.Made != 0 || again.There != got.Made {
		t.Errorf("%+v, and again: %+v", got, again)
	}
	store.Stop()
	s := e2e.Serve(t, args...)
	wantPrimed(t, s, keys, "thumb", "card", "50x60,g_smart", "70x,v_2", "info")
	if r := e2e.Get(t, s.URL+"/51x/none.jpg"); r.Status != 503 {
		t.Errorf("S3 is not gone: %d", r.Status)
	}
}

// What is forgotten at a server while a process beside it makes it of the old original does not
// stay in the directory.
func TestPrimeForgets(t *testing.T) {
	t.Parallel()
	args := e2e.Bucket(t, map[string][]byte{"a.jpg": e2e.Read(t, filepath.Join(e2e.Testdata(t), "odd", "gray.jpg"))})
	gate, cache := newGate(t, endpoint(args[1]), isFetch, 0), t.TempDir()
	args[1] = gate.through(args[1])
	args = append(args, "--first-byte-timeout", "1h", "--fetch-timeout", "1h", "--cache", cache, "--no-sync")
	s := e2e.Serve(t, args...)
	p := e2e.Prime(t, []string{"a.jpg"}, append(args, "--ops", "30x")...)
	gate.awaitClosed(t)
	r := e2e.Ask(t, http.MethodDelete, s.Admin+"/cache/a.jpg")
	gate.open()
	// A process that hears of it before it has kept the derivative reports that as a failure.
	if primed := p.End(t, 0, 3); r.Status != http.StatusOK || primed.Made+primed.Failed != 1 {
		t.Errorf("%d %s, %+v", r.Status, r.Body, primed)
	}
	for _, tier := range []string{"originals", "derivatives"} {
		if files := e2e.Files(t, filepath.Join(cache, tier)); len(files) > 0 {
			t.Errorf("left: %q\n%s", files, &p.Wrote)
		}
	}
}
