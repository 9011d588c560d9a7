package faults

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/e2e"
	"github.com/thumbery/thumbery/invalidation"
	"github.com/thumbery/thumbery/variant"
)

// A server that is killed at any step of forgetting a picture, before it has answered, forgets
// it when it is started again, and its peers are told. So is one whose cache directory a purge
// was working on that was killed.
func TestKilledWhileForgetting(t *testing.T) {
	t.Parallel()
	const key = "a.png"
	for _, point := range []string{"invalidation written", "invalidation recorded"} {
		for _, by := range []string{"DELETE", "purge"} {
			if by == "purge" && point == "invalidation recorded" {
				continue // which is of the server
			}
			t.Run(by+" killed at "+point, func(t *testing.T) {
				t.Parallel()
				f := newForgetting(t, key)
				if by == "DELETE" {
					s := e2e.ServeUntil(t, point, f.args...)
					f.want(t, s, f.old)
					f.replace(t, key)
					done := make(chan struct{})
					go func() { defer close(done); _, _ = e2e.Do(http.MethodDelete, s.Admin+"/cache/"+key) }()
					s.AwaitStop(t)
					s.Kill(t)
					<-done
				} else {
					s := e2e.Serve(t, f.args...)
					f.want(t, s, f.old)
					f.replace(t, key)
					p := e2e.StartUntil(t, point, "purge", "--cache", f.cache, "--source", key)
					p.AwaitStop(t)
					f.want(t, s, f.old) // the purge has the lock
					p.Kill(t)
					f.eventually(t, s)
					s.Stop(t)
				}
				if n := f.count(t, key); n != 1 {
					t.Errorf("%d events, want 1", n)
				}
				s := e2e.Serve(t, f.args...)
				f.eventually(t, s)
				other := newForgetting(t, key)
				told := e2e.Serve(t, append(other.args, "--peers", s.Admin)...)
				told.AwaitMetric(t, `thumbery_invalidations_total{source="peer"}`, 1)
			})
		}
	}
}

// A server that is killed while it begins another file of the log has both, and goes on.
func TestKilledInRotation(t *testing.T) {
	t.Parallel()
	const key = "a.png"
	f := newForgetting(t, key)
	f.fill(t)
	before := f.count(t, "")
	s := e2e.ServeUntil(t, "segment created", f.args...)
	done := make(chan struct{})
	go func() { defer close(done); _, _ = e2e.Do(http.MethodDelete, s.Admin+"/cache/"+key) }()
	s.AwaitStop(t)
	s.Kill(t)
	<-done
	s = e2e.Serve(t, f.args...)
	f.want(t, s, f.old)
	if r := e2e.Ask(t, http.MethodDelete, s.Admin+"/cache/"+key); r.Status != http.StatusOK {
		t.Errorf("%d %s", r.Status, r.Body)
	}
	s.Stop(t)
	if n := f.count(t, ""); n != before+1 {
		t.Errorf("%d events after %d", n, before)
	}
}

// forgetting is a cache directory, and a directory of originals with one picture.
type forgetting struct {
	originals, cache string
	args             []string
	old              string // what a server answers
}

func newForgetting(t *testing.T, key string) *forgetting {
	t.Helper()
	f := &forgetting{originals: t.TempDir(), cache: t.TempDir(), old: string(e2e.Read(t, filepath.Join(e2e.Testdata(t), "photos/logo.png")))}
	f.args = []string{"--source", "/=file:" + f.originals, "--cache", f.cache}
	f.put(t, key, f.old)
	return f
}

func (f *forgetting) put(t *testing.T, key, content string) {
	t.Helper()
	e2e.Must(t, os.WriteFile(filepath.Join(f.originals, key), []byte(content), 0o644))
}

func (f *forgetting) replace(t *testing.T, key string) {
	t.Helper()
	f.put(t, key, string(e2e.Read(t, filepath.Join(e2e.Testdata(t), "odd/16bit.png"))))
}

// want checks what a server answers.
func (f *forgetting) want(t *testing.T, s *e2e.Server, content string) {
	t.Helper()
	if r := e2e.Get(t, s.URL+"/raw/a.png"); string(r.Body) != content {
		t.Errorf("%d, %d bytes, want %d", r.Status, len(r.Body), len(content))
	}
}

// eventually waits until a server has forgotten the old picture.
func (f *forgetting) eventually(t *testing.T, s *e2e.Server) {
	t.Helper()
	e2e.Eventually(t, "the picture is forgotten", func() bool {
		r := e2e.Get(t, s.URL+"/raw/a.png")
		return r.Status == http.StatusOK && string(r.Body) != f.old
	})
}

func (f *forgetting) log(t *testing.T) *invalidation.Log {
	t.Helper()
	l, err := invalidation.New(f.cache, invalidation.Options{NoSync: true})
	e2e.Must(t, err)
	return l
}

// count counts the events of a key, or returns the number of the last event.
func (f *forgetting) count(t *testing.T, key variant.Key) (n int) {
	t.Helper()
	b, err := f.log(t).After(t.Context(), invalidation.Cursor{}, 1<<20)
	e2e.Must(t, err)
	if key == "" {
		return int(b.Next.Seq)
	}
	for _, e := range b.Events {
		if e.Key == key {
			n++
		}
	}
	return n
}

// fill makes the newest file of the log so large that the next event goes to another one.
func (f *forgetting) fill(t *testing.T) {
	t.Helper()
	e2e.Must(t, os.MkdirAll(filepath.Join(f.cache, disk.Derivatives), 0o755))
	event := invalidation.Event{Key: variant.Key(strings.Repeat("k", variant.MaxKeyBytes))}
	l := f.log(t)
	e2e.Must(t, l.Relay(t.Context(), slices.Repeat([]invalidation.Event{event}, 8000)...))
	end, err := l.End(t.Context())
	e2e.Must(t, err)
	l.SaveCursor("self", end) // the server need not forget them all
}
