package ui

import (
	"encoding/json"
	"errors"
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

	mu      sync.Mutex
	clients map[chan []byte]struct{}
	latest  []byte // what the next client gets at once; nil while run does not run
	running bool   // run is
	closed  bool
}

const (
	eventsEvery = time.Second
	maxWatchers = 32
	// maxUnread is how many events may wait for a client, before it counts as too slow and
	// its stream ends.
	maxUnread = 3
	// eventTimeout is how long writing an event may take.
	eventTimeout = 5 * time.Second
	// streamTime is after how long a stream ends, and its client has to come again. Writing
	// to one that never reads fails late: the kernels keep some megabytes for it.
	streamTime = 10 * time.Minute
)

// NewEvents returns Events. snapshot returns what can be written as JSON, and is called by
// one goroutine at a time.
func NewEvents(snapshot func() any) *Events {
	return &Events{snapshot: snapshot, clients: map[chan []byte]struct{}{}}
}

// Close ends all streams and refuses new ones, so that a server that stops need not wait for
// them.
func (e *Events) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	for c := range e.clients {
		e.drop(c)
	}
}

var (
	errWatchers = errors.New("too many pages watch this server: close one")
	errStopping = errors.New("the server is stopping")
)

// ServeHTTP implements http.Handler.
func (e *Events) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	events, err := e.join()
	if err != nil {
		w.Header().Set("Retry-After", "5")
		api.WriteJSON(w, http.StatusServiceUnavailable, map[string]string{"error": err.Error()})
		return
	}
	defer e.leave(events)
	over := time.After(streamTime)
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // nothing more has to come; a ResponseWriter of a test has no deadlines
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // else nginx would keep events back
	h.Set("Connection", "close")     // no other request may inherit the deadlines
	for {
		select {
		case <-r.Context().Done():
			return
		case <-over:
			return
		case event, ok := <-events:
			if !ok || sendEvent(w, control, event) != nil {
				return
			}
		}
	}
}

func sendEvent(w http.ResponseWriter, control *http.ResponseController, event []byte) error {
	_ = control.SetWriteDeadline(time.Now().Add(eventTimeout))
	for _, part := range [][]byte{[]byte("data: "), event, []byte("\n\n")} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return control.Flush()
}

// join adds a client. The first one starts the snapshots.
func (e *Events) join() (chan []byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closed:
		return nil, errStopping
	case len(e.clients) >= maxWatchers:
		return nil, errWatchers
	}
	c := make(chan []byte, maxUnread)
	e.clients[c] = struct{}{}
	if e.latest != nil {
		c <- e.latest
	}
	if !e.running {
		e.running = true
		go e.run()
	}
	return c, nil
}

func (e *Events) leave(c chan []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.drop(c)
}

// drop ends the stream of a client. Its caller holds mu.
func (e *Events) drop(c chan []byte) {
	if _, there := e.clients[c]; there {
		delete(e.clients, c)
		close(c)
	}
}

// run sends events until there are no clients.
func (e *Events) run() {
	ticker := time.NewTicker(eventsEvery)
	defer ticker.Stop()
	for e.publish(e.event()) {
		<-ticker.C
	}
}

// event is a snapshot as JSON, or nil if none could be taken.
func (e *Events) event() (event []byte) {
	_ = panics.Try("events", func() (err error) { // which logs it
		event, err = json.Marshal(e.snapshot())
		return err
	})
	return event
}

// publish sends an event to all clients, or nothing if it is nil. It reports false if there
// are none.
func (e *Events) publish(event []byte) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.clients) == 0 {
		e.latest, e.running = nil, false
		return false
	}
	e.latest = event
	if event == nil {
		return true
	}
	for c := range e.clients {
		select {
		case c <- event:
		default:
			e.drop(c)
		}
	}
	return true
}
