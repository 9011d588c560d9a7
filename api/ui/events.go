package ui

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/internal/panics"
)

// Events answers GET /ui/api/events with server-sent events (HTML standard, 9.2): a snapshot
// as JSON at once, and one a second, for ten minutes, until the client goes or Close. A
// snapshot is taken once for all clients, and only while there are any.
type Events struct {
	snapshot func() any
	places   chan struct{}   // has a token for each client
	stopping context.Context // until Close
	stop     context.CancelFunc

	mu     sync.Mutex
	latest []byte    // nil if it could not be taken
	next   time.Time // when latest is too old
}

const (
	eventsEvery = time.Second
	maxWatchers = 32
	// eventTimeout is how long writing an event may take. A client that does not read has to
	// come again.
	eventTimeout = 5 * time.Second
	// streamTime is after how long a stream ends, and its client has to come again. Writing
	// to one that never reads fails late: the kernels keep some megabytes for it.
	streamTime = 10 * time.Minute
)

// NewEvents returns Events. snapshot returns what can be written as JSON, and is called by
// one goroutine at a time.
func NewEvents(snapshot func() any) *Events {
	e := &Events{snapshot: snapshot, places: make(chan struct{}, maxWatchers)}
	e.stopping, e.stop = context.WithCancel(context.Background())
	return e
}

// Close ends all streams and refuses new ones, so that a server that stops need not wait for
// them.
func (e *Events) Close() { e.stop() }

// ServeHTTP implements http.Handler.
func (e *Events) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case e.places <- struct{}{}:
		defer func() { <-e.places }()
	default:
		refuse(w, "too many pages watch this server: close one")
		return
	}
	if e.stopping.Err() != nil {
		refuse(w, "the server is stopping")
		return
	}
	over := time.After(streamTime)
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // nothing more has to come; a ResponseWriter of a test has no deadlines
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // else nginx would keep events back
	h.Set("Connection", "close")     // no other request may inherit the deadlines
	for {
		event, next := e.event()
		if event != nil {
			_ = control.SetWriteDeadline(time.Now().Add(eventTimeout))
			if _, err := fmt.Fprintf(w, "data: %s\n\n", event); err != nil || control.Flush() != nil {
				return
			}
		}
		select {
		case <-time.After(time.Until(next)):
		case <-over:
			return
		case <-r.Context().Done():
			return
		case <-e.stopping.Done():
			return
		}
	}
}

func refuse(w http.ResponseWriter, why string) {
	w.Header().Set("Retry-After", "5")
	api.WriteError(w, http.StatusServiceUnavailable, why)
}

// event is the latest snapshot as JSON, or nil if none could be taken, and when to ask for the
// next one.
func (e *Events) event() (event []byte, next time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if now := time.Now(); !now.Before(e.next) {
		e.latest, e.next = nil, now.Add(eventsEvery)
		_ = panics.Try("events", func() (err error) { // which logs it
			e.latest, err = json.Marshal(e.snapshot())
			return err
		})
	}
	return e.latest, e.next
}
