package faults

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/e2e"
	"github.com/thumbery/thumbery/internal/testkit/hostile"
)

// A child process that makes a picture for nobody any more is killed, however long it would
// have gone on, and that is no death to be counted.
func TestLeavingEndsTheWork(t *testing.T) {
	t.Parallel()
	const loop, lossless = "loop.jpg", "lossless.jpg" // one never ends, one takes half a minute
	pictures := map[string][]byte{loop: withMisdeed(t, "loop"), "honest.jpg": withMisdeed(t, "keep")}
	options := map[string]string{loop: "40x"}
	for _, f := range hostile.Corpus(os.DirFS(e2e.Testdata(t))) {
		if f.Name == lossless {
			data, err := f.Data()
			e2e.Must(t, err)
			pictures[f.Name], options[f.Name] = data, f.Options
		}
	}
	for key, ops := range options {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			s := serveFiles(t, pictures, "--workers", "1", "--resize-timeout", "1h")
			before := children(t, s)
			leave := visiting(t, s.URL+"/"+ops+"/"+key)
			s.AwaitMetric(t, busy, 1)
			began := time.Now()
			leave()
			e2e.Eventually(t, "nothing is made", func() bool { return atRest(t, s) && s.Metric(t, "thumbery_resizing") == 0 })
			t.Logf("the process was killed, and there is another, after %v", time.Since(began))
			if after := children(t, s); len(after) != len(before) || slices.Equal(after, before) {
				t.Errorf("the processes are %v, and were %v", after, before)
			}
			if n := s.Total(t, "thumbery_worker_deaths_total"); n != 0 {
				t.Errorf("%v deaths", n)
			}
			e2e.WantPicture(t, e2e.Get(t, s.URL+"/42x/honest.jpg"), 42, 28, "jpeg")
		})
	}
}

// busy is how many child processes make a picture.
const busy = `thumbery_workers{state="busy"}`

// A picture that two clients wait for is made for the second when the first leaves. The
// processes are stopped meanwhile, so that it is not made before.
func TestLeavingLeavesTheWorkToOthers(t *testing.T) {
	t.Parallel()
	s := serveFiles(t, map[string][]byte{"honest.jpg": withMisdeed(t, "keep")}, "--workers", "1")
	all := children(t, s)
	for n := 1; ; n++ { // until the second has begun to wait before the first leaves
		url := fmt.Sprintf("%s/%dx/honest.jpg", s.URL, 40+n)
		signal(t, all, unix.SIGSTOP)
		leave := visiting(t, url)
		s.AwaitMetric(t, busy, 1)
		answer := make(chan e2e.Response)
		goroutines := s.Metric(t, "go_goroutines")
		go func() {
			r, err := e2e.Do("GET", url)
			if err != nil {
				t.Error(err)
			}
			answer <- r
		}()
		s.AwaitMetric(t, "go_goroutines", goroutines+1) // it is likely to wait now
		leave()
		s.AwaitMetric(t, `thumbery_requests_total{outcome="client-gone",status="499"}`, float64(n))
		signal(t, all, unix.SIGCONT)
		r := <-answer
		e2e.WantPicture(t, r, 40+n, (40+n)*2/3, "jpeg")
		if strings.Contains(r.Header.Get("Cache-Status"), "collapsed") {
			break
		}
		e2e.Eventually(t, "another process is there", func() bool { return atRest(t, s) })
		all = children(t, s)
	}
	if now := children(t, s); !slices.Equal(now, all) {
		t.Errorf("the processes are %v, and were %v", now, all)
	}
}

// serveFiles is e2e.Serve of some originals. All child processes have started.
func serveFiles(t *testing.T, pictures map[string][]byte, args ...string) *e2e.Server {
	t.Helper()
	dir := t.TempDir()
	for key, data := range pictures {
		e2e.Must(t, os.WriteFile(filepath.Join(dir, key), data, 0o644))
	}
	s := e2e.Serve(t, append(args, "--source", "/=file:"+dir, "--cache", t.TempDir())...)
	e2e.Eventually(t, "all processes are there", func() bool { return atRest(t, s) })
	return s
}

// visiting begins to visit a URL. The returned function leaves.
func visiting(t *testing.T, url string) (leave func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { left <- visit(ctx, url, "") }()
	return func() {
		cancel()
		if err := <-left; err == nil {
			t.Error("it was answered")
		}
	}
}

func signal(t *testing.T, pids []int, s unix.Signal) {
	t.Helper()
	for _, pid := range pids {
		e2e.Must(t, unix.Kill(pid, s))
	}
}
