// Package background runs work that no request waits for: a bounded number at a time,
// and one for each name. A panic costs that work alone.
package background

import (
	"context"
	"sync"

	"github.com/thumbery/thumbery/internal/panics"
)

// Queue bounds background work. It is safe for use by several goroutines.
type Queue struct {
	limit int
	mu    sync.Mutex
	names map[string]chan struct{} // closed when the work is over
}

// NewQueue returns a Queue of at most limit works.
func NewQueue(limit int) *Queue {
	return &Queue{limit: limit, names: make(map[string]chan struct{})}
}

// Go runs work in a goroutine, with the values of ctx but not its end. It does nothing
// and returns false if there is work of that name already, or as much as the limit.
func (q *Queue) Go(ctx context.Context, name string, work func(context.Context)) bool {
	over, ok := q.begin(name)
	if !ok {
		return false
	}
	go func() {
		defer q.end(name, over)
		_ = panics.Try("background", func() error { // which has logged it
			work(context.WithoutCancel(ctx))
			return nil
		})
	}()
	return true
}

// Wait waits until no work of that name is queued or running, or ctx ends.
func (q *Queue) Wait(ctx context.Context, name string) {
	q.mu.Lock()
	over, ok := q.names[name]
	q.mu.Unlock()
	if !ok {
		return
	}
	select {
	case <-over:
	case <-ctx.Done():
	}
}

func (q *Queue) begin(name string) (over chan struct{}, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, taken := q.names[name]; taken || len(q.names) >= q.limit {
		return nil, false
	}
	over = make(chan struct{})
	q.names[name] = over
	return over, true
}

func (q *Queue) end(name string, over chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.names, name)
	close(over)
}
