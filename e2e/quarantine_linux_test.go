package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// sick is a cache and its pictures, one of which ends every process that works on it,
// as far as the test sees to that.
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

// put makes an original of a picture of testdata.
func (s *sick) put(t *testing.T, key, of string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.pictures, key), read(t, filepath.Join(testdata(t), of)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (s *sick) cache() string { return s.args[3] }

// dies has a server killed while it works on the picture for the n-th time, counting
// its inspection.
func (s *sick) dies(t *testing.T, n string) {
	t.Helper()
	server := serveUntil(t, "picture begun:"+n, s.args...)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = do(http.MethodGet, server.url+"/40x/"+deadly) // fails
	}()
	server.awaitStop(t)
	server.kill(t)
	<-done
}

// A picture that ended the process does not end the next one, nor thumbery prime:
// it is refused, and nothing else is, until it is forgotten or is another one.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	for what, n := range map[string]string{"inspecting": "1", "making": "2"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			sick := newSick(t)
			sick.dies(t, n)
			for range 2 { // also after a restart in order
				s := serve(t, sick.args...)
				for _, path := range []string{"/40x/" + deadly, "/41x,v_2/" + deadly, "/info/" + deadly} {
					wantProblem(t, path, get(t, s.url+path), 422, "quarantined", "for an hour")
				}
				if r := get(t, s.url+"/raw/"+deadly); r.status != 200 {
					t.Errorf("raw: %d", r.status)
				}
				if r := get(t, s.url+"/40x/"+healthy); r.status != 200 {
					t.Errorf("another one: %d %s", r.status, r.body)
				}
				p := prime(t, []string{deadly, healthy}, append(sick.args, "--ops", "40x")...).end(t, 3)
				if p.Pictures != 2 || p.Failed != 1 || p.There != 1 {
					t.Errorf("primed: %+v", p)
				}
				s.stop(t)
			}
		})
	}
}

func TestQuarantineEnds(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, sick *sick, s *server) (path string){
		"DELETE": func(t *testing.T, _ *sick, s *server) string {
			if r := ask(t, http.MethodDelete, s.admin+"/cache/"+deadly); r.status != 200 {
				t.Errorf("DELETE: %d", r.status)
			}
			return "/40x/"
		},
		"purge": func(t *testing.T, sick *sick, _ *server) string {
			if out, status := purge(t, "--cache", sick.cache(), "--source", deadly); status != 0 {
				t.Errorf("purge: %d %s", status, out)
			}
			return "/40x/"
		},
		"another version": func(t *testing.T, sick *sick, _ *server) string {
			sick.put(t, deadly, "photos/logo.png")
			return "/40x,v_2/"
		},
	}
	for name, end := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sick := newSick(t)
			sick.dies(t, "2")
			s := serve(t, sick.args...)
			wantProblem(t, "before", get(t, s.url+"/40x/"+deadly), 422, "quarantined", "")
			path := end(t, sick, s) + deadly
			if r := get(t, s.url+path); r.status != 200 {
				t.Errorf("%s: %d %s", path, r.status, r.body)
			}
		})
	}
}

// A server that was told to stop, and is killed as that takes it too long, has not
// died of what it was working on.
func TestNoQuarantineAfterSIGTERM(t *testing.T) {
	t.Parallel()
	sick := newSick(t)
	server := serveUntil(t, "picture begun:2", sick.args...)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = do(http.MethodGet, server.url+"/40x/"+deadly) // fails, or does not
	}()
	server.awaitStop(t)
	for _, signal := range []unix.Signal{unix.SIGTERM, unix.SIGCONT} {
		if err := server.cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "nothing is remembered", func() bool { return len(files(t, filepath.Join(sick.cache(), "quarantine"))) == 0 })
	_ = server.cmd.Process.Kill() // it may have ended
	<-server.done
	<-done
	s := serve(t, sick.args...)
	if r := get(t, s.url+"/40x/"+deadly); r.status != 200 {
		t.Errorf("%d %s", r.status, r.body)
	}
}
