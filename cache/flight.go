package cache

import (
	"context"
	"errors"
	"sync"

	"github.com/thumbery/thumbery/internal/panics"
)

// ErrGoexit is returned by Flight.Do for work that ended its goroutine with
// runtime.Goexit instead of returning.
var ErrGoexit = errors.New("the work called runtime.Goexit")

// Flight lets equal work be done once for all who want it at the same time. The
// zero value is ready. It keeps nothing: once the work is done, the next caller
// starts anew, so work begins by looking whether a cache has the result by now.
//
// It differs from golang.org/x/sync/singleflight in that nobody waits longer
// than his own context allows, and that work nobody waits for is cancelled.
type Flight[T any] struct {
	mu    sync.Mutex
	calls map[string]*call[T]
}

// call is one run of the work. waiters is guarded by Flight.mu; value and err
// belong to the work until done is closed, and do not change afterwards.
type call[T any] struct {
	waiters int
	cancel  context.CancelFunc
	done    chan struct{}
	value   T
	err     error
}

// Do returns what fn returns, running it unless it already runs for the same
// key; shared says that it did.
//
// fn runs in a goroutine of its own. Its context has the values of the first
// caller's, but neither its cancelling nor its deadline: it is cancelled when
// the last waiting caller has left. A caller whose ctx is done leaves at once
// with ctx.Err(), and the work goes on for the others. Work that was abandoned
// is not joined any more: whoever comes next starts anew, even while the old
// run is still unwinding.
//
// The same v goes to all callers, and to none if all have left: it must be safe
// to share and need no closing. A panic of fn is a *panics.Error for all of them,
// and runtime.Goexit is ErrGoexit. fn must not call Do with its own key: it
// would wait for itself.
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

// Waiting returns how many callers wait for the work of a key.
func (f *Flight[T]) Waiting(key string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c, ok := f.calls[key]; ok {
		return c.waiters
	}
	return 0
}

// Len returns for how many keys somebody waits.
func (f *Flight[T]) Len() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.calls)
}

// join adds the caller to the running work, or starts it.
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

// leave takes one caller from the work, and abandons it if that was the last.
func (f *Flight[T]) leave(key string, c *call[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c.waiters--
	if c.waiters == 0 {
		f.forget(key, c)
		c.cancel()
	}
}

// forget makes sure that nobody joins c any more. A newer run of the same key
// stays.
func (f *Flight[T]) forget(key string, c *call[T]) {
	if f.calls[key] == c {
		delete(f.calls, key)
	}
}

func (f *Flight[T]) run(ctx context.Context, key string, c *call[T], fn func(context.Context) (T, error)) {
	returned := false
	defer func() {
		if !returned {
			c.err = unwound(recover())
		}
		f.finish(key, c)
	}()
	c.value, c.err = fn(ctx)
	returned = true
}

// unwound is the error of work that did not return. Since Go 1.21 even
// panic(nil) recovers as something, so that nil means runtime.Goexit.
func unwound(recovered any) error {
	if recovered == nil {
		return ErrGoexit
	}
	return panics.Recovered("shared work", recovered)
}

// finish hands the result to all who wait.
func (f *Flight[T]) finish(key string, c *call[T]) {
	f.mu.Lock()
	f.forget(key, c)
	f.mu.Unlock()
	close(c.done)
	c.cancel() // to free what the context holds
}
