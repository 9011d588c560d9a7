package faults

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/thumbery/thumbery/e2e"

	"golang.org/x/sys/unix"
)

// sick is a cache directory and its originals, one of which kills every process that works
// on it: the tests see to that.
type sick struct {
	pictures string
	args     []string
}

const (
	deadly  = "deadly.jpg"
	healthy = "healthy.jpg"
)

func newSick(t *testing.T) *sick {
	t.Helper()
	s := &sick{pictures: t.TempDir()}
	s.args = []string{"--source", "/=file:" + s.pictures, "--cache", t.TempDir(), "--mezzanine", "0"}
	for _, key := range []string{deadly, healthy} {
		s.put(t, key, "odd/gray.jpg")
	}
	return s
}

// put makes an original from a picture of testdata.
func (s *sick) put(t *testing.T, key, of string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.pictures, key), e2e.Read(t, filepath.Join(e2e.Testdata(t), of)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (s *sick) cache() string { return s.args[3] }

// dies kills a server while it works on the picture for the n-th time. Reading its header
// is the first.
func (s *sick) dies(t *testing.T, n string) {
	t.Helper()
	server := e2e.ServeUntil(t, "picture begun:"+n, s.args...)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = e2e.Do(http.MethodGet, server.URL+"/40x/"+deadly) // fails
	}()
	server.AwaitStop(t)
	server.Kill(t)
	<-done
}

// An original that killed the process does not kill the next one, nor thumbery prime: it is
// refused until it is purged or replaced. Others are served.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	for what, n := range map[string]string{"inspecting": "1", "making": "2"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			sick := newSick(t)
			sick.dies(t, n)
			for range 2 { // also after a restart in order
				s := e2e.Serve(t, sick.args...)
				for _, path := range []string{"/40x/" + deadly, "/41x,v_2/" + deadly, "/info/" + deadly} {
					e2e.WantProblem(t, path, e2e.Get(t, s.URL+path), 422, "quarantined", "for an hour")
				}
				if r := e2e.Get(t, s.URL+"/raw/"+deadly); r.Status != 200 {
					t.Errorf("raw: %d", r.Status)
				}
				if r := e2e.Get(t, s.URL+"/40x/"+healthy); r.Status != 200 {
					t.Errorf("another one: %d %s", r.Status, r.Body)
				}
				p := e2e.Prime(t, []string{deadly, healthy}, append(sick.args, "--ops", "40x")...).End(t, 3)
				if p.Pictures != 2 || p.Failed != 1 || p.There != 1 {
					t.Errorf("primed: %+v", p)
				}
				s.Stop(t)
			}
		})
	}
}

func TestQuarantineEnds(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, sick *sick, s *e2e.Server) (path string){
		"DELETE": func(t *testing.T, _ *sick, s *e2e.Server) string {
			if r := e2e.Ask(t, http.MethodDelete, s.Admin+"/cache/"+deadly); r.Status != 200 {
				t.Errorf("DELETE: %d", r.Status)
			}
			return "/40x/"
		},
		"purge": func(t *testing.T, sick *sick, _ *e2e.Server) string {
			if out, status := e2e.Purge(t, "--cache", sick.cache(), "--source", deadly); status != 0 {
				t.Errorf("purge: %d %s", status, out)
			}
			return "/40x/"
		},
		"another version": func(t *testing.T, sick *sick, _ *e2e.Server) string {
			sick.put(t, deadly, "photos/logo.png")
			return "/40x,v_2/"
		},
	}
	for name, end := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sick := newSick(t)
			sick.dies(t, "2")
			s := e2e.Serve(t, sick.args...)
			e2e.WantProblem(t, "before", e2e.Get(t, s.URL+"/40x/"+deadly), 422, "quarantined", "")
			path := end(t, sick, s) + deadly
			if r := e2e.Get(t, s.URL+path); r.Status != 200 {
				t.Errorf("%s: %d %s", path, r.Status, r.Body)
			}
		})
	}
}

// An original that was being resized when a server was killed because its shutdown took too
// long is not put into quarantine.
func TestNoQuarantineAfterSIGTERM(t *testing.T) {
	t.Parallel()
	sick := newSick(t)
	server := e2e.ServeUntil(t, "picture begun:2", sick.args...)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = e2e.Do(http.MethodGet, server.URL+"/40x/"+deadly) // fails, or does not
	}()
	server.AwaitStop(t)
	for _, signal := range []unix.Signal{unix.SIGTERM, unix.SIGCONT} {
		if err := server.Cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
	}
	e2e.Eventually(t, "nothing is remembered", func() bool { return len(e2e.Files(t, filepath.Join(sick.cache(), "quarantine"))) == 0 })
	_ = server.Cmd.Process.Kill() // it may have ended
	<-server.Done
	<-done
	s := e2e.Serve(t, sick.args...)
	if r := e2e.Get(t, s.URL+"/40x/"+deadly); r.Status != 200 {
		t.Errorf("%d %s", r.Status, r.Body)
	}
}
