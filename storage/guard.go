package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"

	"github.com/thumbery/thumbery/internal/failure"
)

// A second try comes so much later.
const (
	minRetryDelay = 100 * time.Millisecond
	maxRetryDelay = 300 * time.Millisecond
)

// GuardOptions are for Guard; the zero value is for use.
type GuardOptions struct {
	Observer GuardObserver
}

// GuardObserver is told what happens to a place. Fields that are nil are not
// called. The functions are called by many goroutines, and are quick.
type GuardObserver struct {
	// Asked is called when the place has answered an attempt or failed to: to
	// open an object, to write or to look for one. A body may still follow.
	Asked func(place string, took time.Duration, err error)
	// Broke is called when a body failed after its object was opened.
	Broke func(place string, err error)
	// Changed is called when the state changes.
	Changed func(place string, from, to State)
}

// Guarded is the Origin that Guard makes. It is a Writer, a Lister and a Linker
// as far as what it guards is: see As.
type Guarded struct {
	origin   Origin
	breaker  *breaker
	retry    retrypolicy.RetryPolicy[*Object]
	observer GuardObserver
	hung     atomic.Int64
}

// Guard stands between us and one place, and belongs around each.
//
// After five failures in a row the place is not asked any more: every Open is
// ErrUnavailable at once, and says why. A second later the next request is let
// through to see whether it answers again, alone; if it does, all are. While Heal
// runs, none is: Heal finds that out. As a place may answer a Check and no more,
// requests are let through one at a time after that, too, until one has worked; if
// one fails the place is not asked again.
//
// A failure is ErrUnavailable, also of a body, but neither ErrRefused nor
// ErrTransient, and also that the place did not answer before the caller's
// deadline. Everything else is an answer, or nobody's failure, as when a client
// left.
//
// An Open that fails is tried once more, 100 to 300 ms later.
//
// A panic of the place's client is ErrTransient; see internal/panics.
//
// An Open that ignores its context, as a system call on a file server that is
// gone does, is left behind when that ends. When 32 of a place are left behind,
// it is ErrUnavailable at once.
func Guard(o Origin, options GuardOptions) *Guarded {
	g := &Guarded{origin: o, observer: options.Observer, breaker: newBreaker(o.String(), options.Observer.Changed)}
	g.retry = retrypolicy.NewBuilder[*Object]().
		HandleIf(func(_ *Object, err error) bool { return err != nil && !failure.Of(err).IsAnswer() && !g.Down() }).
		WithMaxRetries(1).
		WithRandomDelay(minRetryDelay, maxRetryDelay).
		ReturnLastFailure().
		Build()
	return g
}

// Unwrap is the origin that is guarded.
func (g *Guarded) Unwrap() Origin { return g.origin }

// String is that of the origin.
func (g *Guarded) String() string { return g.origin.String() }

// State is what the breaker is in now. A place that nobody asks stays Open after
// its second, until somebody does.
func (g *Guarded) State() State { return g.breaker.state() }

// Down reports that the place has answered neither a request nor a Check since it
// was last found not to answer. It is so when the state is Open.
func (g *Guarded) Down() bool { return g.breaker.down.Load() }

// Open asks the place, if it is asked at all, up to twice.
func (g *Guarded) Open(ctx context.Context, key string, have Version) (*Object, error) {
	var last *Object
	object, err := failsafe.With(g.retry).WithContext(ctx).Get(func() (_ *Object, err error) {
		last, err = g.open(ctx, key, have)
		return last, err
	})
	// The executor drops what it got when ctx ends in that moment.
	if object == nil && last != nil {
		discard(last)
	}
	if ctx.Err() != nil && object == nil {
		return nil, Unavailable(ctx, g.String(), ctx.Err())
	}
	return object, err
}

// openOnce is Open without a second try.
func (g *Guarded) openOnce(ctx context.Context, key string, have Version) (*Object, error) {
	object, err := g.open(ctx, key, have)
	if err != nil && ctx.Err() != nil {
		return nil, Unavailable(ctx, g.String(), ctx.Err())
	}
	return object, err
}

// open asks the place once.
func (g *Guarded) open(ctx context.Context, key string, have Version) (*Object, error) {
	object, a, err := guarded(ctx, g, func() (*Object, error) { return g.origin.Open(ctx, key, have) }, discard)
	if err != nil {
		return nil, err
	}
	object.Body = &watchedBody{ReadCloser: object.Body, ctx: ctx, attempt: a, broke: g.observer.Broke}
	if link := object.Link; link != nil {
		object.Link = func(ctx context.Context, o LinkOptions) (string, error) {
			return shielded(ctx, g.String(), func() (string, error) { return link(ctx, o) })
		}
	}
	return object, nil
}

// guarded makes one call of a place. If the error is nil the attempt is yet to
// be settled.
func guarded[T any](ctx context.Context, g *Guarded, call func() (T, error), discard func(T)) (result T, a *attempt, err error) {
	if err := ctx.Err(); err != nil {
		return result, nil, Unavailable(ctx, g.String(), err)
	}
	if a, err = g.breaker.ask(); err != nil {
		return result, nil, err
	}
	result, err = leavable(ctx, g.String(), &g.hung, call, discard)
	g.ended(ctx, a, err)
	return result, a, err
}

// ended settles an attempt, but for one whose body follows, and tells of it.
func (g *Guarded) ended(ctx context.Context, a *attempt, err error) {
	took := time.Since(a.begun)
	if err != nil {
		a.settle(judge(ctx, took, err), a.begun, err)
	}
	if g.observer.Asked != nil {
		g.observer.Asked(g.String(), took, err)
	}
}

// Check asks the place whatever the state is. What it says counts: an answer
// closes the breaker, on trial.
func (g *Guarded) Check(ctx context.Context) error {
	begun := time.Now()
	err := g.check(ctx)
	switch judge(ctx, time.Since(begun), err) {
	case worked:
		// Of a place that is not down it is no success: a place can answer this and
		// fail everything else.
		if g.Down() {
			g.breaker.closeOnTrial()
		}
	case failed:
		if g.breaker.blame(begun, err) {
			g.breaker.circuit.RecordFailure()
		}
	}
	return err
}

// check asks the place, and draws no conclusion.
func (g *Guarded) check(ctx context.Context) error {
	_, err := leavable(ctx, g.String(), &g.hung, func() (struct{}, error) { return struct{}{}, g.origin.Check(ctx) }, func(struct{}) {})
	return err
}

// Stat asks the place once, if it is asked at all.
func (g *Guarded) Stat(ctx context.Context, key string) (Entry, error) {
	w, ok := g.origin.(Writer)
	if !ok {
		return Entry{}, g.unable("written to")
	}
	entry, a, err := guarded(ctx, g, func() (Entry, error) { return w.Stat(ctx, key) }, func(Entry) {})
	if err == nil {
		a.settle(worked, a.begun, nil)
	}
	return entry, err
}

// Put asks the place once, if it is asked at all. That body failed is not the
// place's failure. It is waited for also when it ignores ctx, as it has the body.
func (g *Guarded) Put(ctx context.Context, key string, body io.Reader, size int64, modTime time.Time) error {
	w, ok := g.origin.(Writer)
	if !ok {
		return g.unable("written to")
	}
	if err := ctx.Err(); err != nil {
		return Unavailable(ctx, g.String(), err)
	}
	a, err := g.breaker.ask()
	if err != nil {
		return err
	}
	source := &blamedReader{Reader: body}
	_, err = shielded(ctx, g.String(), func() (struct{}, error) { return struct{}{}, w.Put(ctx, key, source, size, modTime) })
	switch {
	case source.failed:
		a.settle(unknown, a.begun, nil)
	case err == nil:
		a.settle(worked, a.begun, nil)
	}
	g.ended(ctx, a, err)
	return err
}

// blamedReader remembers that it failed.
type blamedReader struct {
	io.Reader
	failed bool
}

func (r *blamedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.failed = true
	}
	return n, err
}

// List lists the place whatever the state is, and changes nothing of it: a
// listing is no request that anybody waits for.
func (g *Guarded) List(ctx context.Context, prefix string, skipped func(key string)) iter.Seq2[Entry, error] {
	if l, ok := g.origin.(Lister); ok {
		return shieldedList(ctx, g.String(), func() iter.Seq2[Entry, error] { return l.List(ctx, prefix, skipped) })
	}
	return failing(g.unable("listed"))
}

// Link is that of the origin, whatever the state is.
func (g *Guarded) Link(ctx context.Context, key string, o LinkOptions) (string, error) {
	if l, ok := g.origin.(Linker); ok {
		return shielded(ctx, g.String(), func() (string, error) { return l.Link(ctx, key, o) })
	}
	return "", g.unable("linked to")
}

func (g *Guarded) unable(what string) error {
	return fmt.Errorf("%s: %w: it cannot be %s", g, ErrUnavailable, what)
}

// failing is a listing that consists of an error.
func failing(err error) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) { yield(Entry{}, err) }
}

// discard closes an object that nobody wants any more.
func discard(object *Object) {
	if object != nil {
		_ = object.Body.Close()
	}
}
