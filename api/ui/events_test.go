package ui

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// watching is a client of Events.
type watching struct {
	http.ResponseWriter
	net.Conn
	events chan string // closed when the stream has ended
	status chan int
	leave  context.CancelFunc
}

func (w *watching) Write(p []byte) (int, error) { return w.Conn.Write(p) }
func (w *watching) WriteHeader(status int)      { w.status <- status }
func (w *watching) Flush()                      {}

// watch asks for events.
func watch(e *Events) *watching {
	in, out := net.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	w := &watching{httptest.NewRecorder(), out, make(chan string), make(chan int, 1), cancel}
	go func() {
		e.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/ui/api/events", nil))
		out.Close()
	}()
	go func() {
		defer close(w.events)
		for lines := bufio.NewScanner(in); lines.Scan(); {
			if event, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				w.events <- event
			}
		}
	}()
	return w
}

// finish leaves, reads what is left, and waits until nothing runs.
func finish(all ...*watching) {
	for _, w := range all {
		w.leave()
		for range w.events {
		}
	}
	time.Sleep(eventsEvery)
	synctest.Wait()
}

// numbers are snapshots 1, 2, 3 and so on.
func numbers() (snapshot func() any, taken *atomic.Int64) {
	taken = new(atomic.Int64)
	return func() any { return taken.Add(1) }, taken
}

func TestEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		snapshot, taken := numbers()
		e := NewEvents(snapshot)
		began := time.Now()
		first := watch(e)
		if got := <-first.events; got != "1" || time.Since(began) != 0 {
			t.Errorf("%s after %v", got, time.Since(began))
		}
		second := watch(e)
		if got := <-second.events; got != "1" {
			t.Errorf("the second client begins with %s", got)
		}
		for _, want := range []string{"2", "3"} {
			if a, b := <-first.events, <-second.events; a != want || b != want {
				t.Errorf("%s and %s, want %s", a, b, want)
			}
		}
		if time.Since(began) != 2*time.Second {
			t.Errorf("three events in %v", time.Since(began))
		}
		first.leave()
		second.leave()
		if _, more := <-first.events; more {
			t.Error("events after leaving")
		}
		time.Sleep(time.Hour)
		if n := taken.Load(); n > 4 {
			t.Errorf("%d snapshots: they are taken while nobody watches", n)
		}
		third := watch(e)
		if got := <-third.events; got != "4" && got != "5" {
			t.Errorf("a later client begins with %s", got)
		}
		finish(third)
	})
}

// The stream of a client that does not read ends, and the others do not notice.
func TestSlowWatcher(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		snapshot, _ := numbers()
		e := NewEvents(snapshot)
		slow, quick := watch(e), watch(e)
		began := time.Now()
		for range 10 {
			<-quick.events
		}
		if took := time.Since(began); took != 9*eventsEvery {
			t.Errorf("the quick one got ten events in %v", took)
		}
		if n := len(e.places); n != 1 {
			t.Errorf("%d clients are left", n)
		}
		read := 0
		for range slow.events {
			read++
		}
		if read > 3 { // those in the pipe and in the scanner
			t.Errorf("the slow one got %d", read)
		}
		finish(quick)
	})
}

// swallowing is a client whose kernel takes all events, though nobody reads them.
type swallowing struct{ http.ResponseWriter }

func (swallowing) Write(p []byte) (int, error) { return len(p), nil }
func (swallowing) Flush()                      {}

// A client that never reads gives its place back: kernels take megabytes for it, so that writing does not fail.
func TestStreamEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		snapshot, _ := numbers()
		e := NewEvents(snapshot)
		began := time.Now()
		e.ServeHTTP(swallowing{httptest.NewRecorder()}, httptest.NewRequestWithContext(t.Context(), "GET", "/ui/api/events", nil))
		if took := time.Since(began); took != streamTime || len(e.places) != 0 {
			t.Errorf("the stream took %v, %d clients are left", took, len(e.places))
		}
		finish()
	})
}

func TestTooManyWatchers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		snapshot, _ := numbers()
		e := NewEvents(snapshot)
		var all []*watching
		for range maxWatchers {
			w := watch(e)
			<-w.events
			all = append(all, w)
		}
		w := httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequest("GET", "/ui/api/events", nil))
		if w.Code != 503 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "close one") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		e.Close()
		for _, w := range all {
			for range w.events {
			}
		}
		w = httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequest("GET", "/ui/api/events", nil))
		if w.Code != 503 || !strings.Contains(w.Body.String(), "stopping") {
			t.Errorf("after Close: %d %s", w.Code, w.Body)
		}
		finish(all...)
	})
}

// Who leaves and comes back within a second has one loop of snapshots, and not two.
func TestWatcherComesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		snapshot, taken := numbers()
		e := NewEvents(snapshot)
		for range 5 {
			w := watch(e)
			<-w.events
			w.leave()
			for range w.events {
			}
		}
		w := watch(e)
		for range 10 {
			<-w.events
		}
		if n := taken.Load(); n > 12 {
			t.Errorf("%d snapshots in ten seconds", n)
		}
		finish(w)
	})
}

// A snapshot that cannot be taken is left out, and the next one is sent.
func TestEventPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		e := NewEvents(func() any {
			if n++; n == 1 {
				panic("boom")
			}
			return n
		})
		w := watch(e)
		if got := <-w.events; got != "2" {
			t.Errorf("%s", got)
		}
		finish(w)
	})
}

// Streams do not delay the end of a server: http.Server.Shutdown closes them.
func TestEventsEndWithServer(t *testing.T) {
	t.Parallel()
	e := NewEvents(func() any { return "x" })
	server := httptest.NewServer(e)
	defer server.Close()
	server.Config.RegisterOnShutdown(e.Close)
	res, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if line, err := bufio.NewReader(res.Body).ReadString('\n'); err != nil || line != "data: \"x\"\n" {
		t.Fatalf("%q %v", line, err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("it took a minute"))
	defer cancel()
	if err := server.Config.Shutdown(ctx); err != nil {
		t.Error(err, context.Cause(ctx))
	}
	if res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get("Cache-Control") != "no-store" {
		t.Error(res.Header)
	}
}
