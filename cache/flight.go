package cache

import (
	"context"
	"errors"
	"sync"

	"github.com/thumbery/thumbery/internal/panics"
)

// ErrGoexit is returned by Flight.Do if the work called runtime.Goexit instead of returning.
var ErrGoexit = errors.New("the work called runtime.Goexit")

// Flight does the same work once for all callers that want it at the same time (request
// coalescing). The zero value is ready. It stores nothing: once the work is done, the next
// caller starts it again. So work begins by looking whether a cache has the result by now.
//
// It differs from golang.org/x/sync/singleflight in that no caller waits longer than its own
// context allows, and that work without waiters is cancelled.
type Flight[T any] struct {
	mu    sync.Mutex
	calls map[string]*call[T]
}

// call is one run of the work. Flight.mu guards waiters. value and err belong to the work
// until done is closed, and do not change afterwards.
type call[T any] struct {
	waiters int
	cancel  context.CancelFunc
	done    chan struct{}
	value   T
	err     error
}

// Do returns what fn returns. It calls fn unless a call for the same key is running already,
// which shared reports.
//
// fn runs in a goroutine of its own. Its context has the values of the first caller's, but
// neither its cancellation nor its deadline: it is cancelled when the last waiter leaves. A
// caller whose ctx ends leaves at once with ctx.Err(), and the work continues for the others.
// Cancelled work cannot be joined: the next caller starts it again, even while the old run is
// still returning.
//
// All callers get the same v, and nobody gets it if all have left: it must be safe to share,
// and must not need closing. A panic of fn is a *panics.Error for all of them, and
// runtime.Goexit is ErrGoexit. fn must not call Do with its own key: it would wait for itself.
func (f *Flight[T]) Do(ctx context.Context, key string, fn func(context.Context) (T, error)) (v T, shared bool, err error) {
	if err := ctx.Err(); err != nil {
		return v, false, err
	}
	c, shared := f.join(ctx, key, fn)
	select {
	case <-c.done:
		return c.value, shared, c.err
	case <-ctx.Done():
		f.leave(key, c)
		return v, shared, ctx.Err()
	}
}

// join adds a waiter to the running work, or starts the work.
func (f *Flight[T]) join(ctx context.Context, key string, fn func(context.Context) (T, error)) (c *call[T], shared bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c, ok := f.calls[key]; ok {
		c.waiters++
		return c, true
	}
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c = &call[T]{waiters: 1, cancel: cancel, done: make(chan struct{})}
	if f.calls == nil {
		f.calls = make(map[string]*call[T])
	}
	f.calls[key] = c
	go f.run(work, key, c, fn)
	return c, false
}

// leave removes a waiter, and cancels the work if it was the last one.
func (f *Flight[T]) leave(key string, c *call[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c.waiters--
	if c.waiters == 0 {
		f.forget(key, c)
		c.cancel()
	}
}

// forget makes sure that nobody joins c any more. A newer run for the same key stays.
func (f *Flight[T]) forget(key string, c *call[T]) {
	if f.calls[key] == c {
		delete(f.calls, key)
	}
}

func (f *Flight[T]) run(ctx context.Context, key string, c *call[T], fn func(context.Context) (T, error)) {
	returned := false
	defer func() {
		if !returned {
			c.err = panicError(recover())
		}
		f.finish(key, c)
	}()
	c.value, c.err = fn(ctx)
	returned = true
}

// panicError returns the error for work that did not return. Since Go 1.21, recover returns
// nil only after runtime.Goexit, even for panic(nil).
func panicError(recovered any) error {
	if recovered == nil {
		return ErrGoexit
	}
	return panics.Recovered("shared work", recovered)
}

// finish gives the result to all waiters.
func (f *Flight[T]) finish(key string, c *call[T]) {
	f.mu.Lock()
	f.forget(key, c)
	f.mu.Unlock()
	close(c.done)
	c.cancel() // releases the resources of the context
}
