// Package breaker has the circuit breaker of an origin: when a backend fails again and
// again, requests fail at once until it works again, instead of waiting for it.
package breaker

import (
	"context"
	"io"
	"iter"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/storage"
)

// Observer is told what happens to a backend. Fields that are nil are not called. The
// functions are called by many goroutines, and are quick.
type Observer struct {
	// Attempted is called when an attempt to open, to write or to stat an object has
	// been answered or has failed. A body may still follow.
	Attempted func(backend string, took time.Duration, err error)
	// BodyFailed is called when a body failed after its object was opened.
	BodyFailed func(backend string, err error)
	// StateChanged is called with Open when the breaker opens, and with Closed as soon as a
	// Check has succeeded after that.
	StateChanged func(backend string, to State)
}

// Origin is a storage.Origin with a circuit breaker. It is a Writer, a Lister and a
// Linker as far as the origin within it is: see storage.As.
type Origin struct {
	origin   storage.Backend
	circuit  circuit
	observer Observer
	stuck    atomic.Int64 // calls that ignore the end of their context
}

// New puts a circuit breaker around a backend.
//
// Five failures in a row open the breaker: every Open fails at once with ErrUnavailable,
// and says why, until a Check succeeds; see State, and ProbeLoop, which must run. Failures
// are ErrUnavailable, also of a body, but neither ErrRefused nor ErrTransient, and an
// expired deadline of the caller. A panic of the backend's client is ErrTransient.
//
// A call that ignores its context, as a system call on a dead file server does, is left
// behind when that ends. While 32 calls of a backend are left behind, all fail with
// ErrUnavailable at once.
func New(o storage.Backend, observer Observer) *Origin {
	return &Origin{
		origin: o, observer: observer,
		circuit: circuit{backend: o.String(), changed: observer.StateChanged},
	}
}

// Unwrap returns the origin within.
func (o *Origin) Unwrap() storage.Origin { return o.origin }

// String is that of the origin within.
func (o *Origin) String() string { return o.origin.String() }

// State returns the state of the breaker: HalfOpen while a request is let through alone, and
// Closed before the first that is.
func (o *Origin) State() State { return o.circuit.publicState() }

// Down reports that neither a request nor a Check has succeeded since the breaker
// opened.
func (o *Origin) Down() bool { return o.circuit.isDown() }

// Open makes one attempt, if the breaker lets it pass.
func (o *Origin) Open(ctx context.Context, key string, have storage.Version) (*storage.Object, error) {
	object, a, err := call(ctx, o, func() (*storage.Object, error) { return o.origin.Open(ctx, key, have) }, (*storage.Object).Discard)
	if err != nil && ctx.Err() != nil {
		return nil, storage.Unavailable(ctx, o.String(), ctx.Err())
	}
	if err != nil {
		return nil, err
	}
	object.Body = &body{ReadCloser: object.Body, ctx: ctx, attempt: a, failed: o.observer.BodyFailed}
	if link := object.Link; link != nil {
		object.Link = func(ctx context.Context, options storage.LinkOptions) (string, error) {
			return protectedLink(ctx, o.String(), func() (string, error) { return link(ctx, options) })
		}
	}
	return object, nil
}

// call makes one call of the backend, if the breaker lets it pass. If the error is nil
// the caller settles the attempt.
func call[T any](ctx context.Context, o *Origin, f func() (T, error), discard func(T)) (result T, a *attempt, err error) {
	if err := ctx.Err(); err != nil {
		return result, nil, storage.Unavailable(ctx, o.String(), err)
	}
	if a, err = o.circuit.enter(); err != nil {
		return result, nil, err
	}
	result, err = callWithDeadline(ctx, o.String(), &o.stuck, f, discard)
	o.attempted(ctx, a, err)
	return result, a, err
}

func (o *Origin) attempted(ctx context.Context, a *attempt, err error) {
	took := time.Since(a.begun)
	if err != nil {
		a.settle(classify(ctx, took, err), a.begun, err)
	}
	if o.observer.Attempted != nil {
		o.observer.Attempted(o.String(), took, err)
	}
}

// Check checks the backend in any state of the breaker. Its result counts: a success
// lets the next request through, and if that succeeds, all.
func (o *Origin) Check(ctx context.Context) error {
	begun := time.Now()
	err := o.check(ctx)
	o.circuit.recordCheck(classify(ctx, time.Since(begun), err), begun, err)
	return err
}

// check checks the backend without consequences.
func (o *Origin) check(ctx context.Context) error {
	_, err := callWithDeadline(ctx, o.String(), &o.stuck, func() (struct{}, error) { return struct{}{}, o.origin.Check(ctx) }, func(struct{}) {})
	return err
}

// The following are for origins within that have the capability: use storage.As.

// Stat makes one attempt, if the breaker lets it pass.
func (o *Origin) Stat(ctx context.Context, key string) (storage.Entry, error) {
	stat := o.origin.(storage.Writer).Stat
	entry, a, err := call(ctx, o, func() (storage.Entry, error) { return stat(ctx, key) }, func(storage.Entry) {})
	if err == nil {
		a.settle(worked, a.begun, nil)
	}
	return entry, err
}

// Put makes one attempt, if the breaker lets it pass. A failure of body is not the
// backend's. Put returns when the backend does, even if that ignores ctx, as it has
// the body.
func (o *Origin) Put(ctx context.Context, key string, body io.Reader, size int64, modTime time.Time) error {
	put := o.origin.(storage.Writer).Put
	if err := ctx.Err(); err != nil {
		return storage.Unavailable(ctx, o.String(), err)
	}
	a, err := o.circuit.enter()
	if err != nil {
		return err
	}
	source := &storage.ErrorRecorder{Reader: body}
	err = storage.Protect(ctx, o.String(), func() error { return put(ctx, key, source, size, modTime) })
	switch {
	case source.Err != nil:
		a.settle(unknown, a.begun, nil)
	case err == nil:
		a.settle(worked, a.begun, nil)
	}
	o.attempted(ctx, a, err)
	return err
}

// List lists the backend in any state of the breaker, without consequences: no request
// waits for a listing.
func (o *Origin) List(ctx context.Context, prefix string, skipped func(key string)) iter.Seq2[storage.Entry, error] {
	protect := func(call func() error) error { return storage.Protect(ctx, o.String(), call) }
	return func(yield func(storage.Entry, error) bool) {
		entries := storage.NewCursor(func(yield func(storage.Entry, error) bool) {
			o.origin.(storage.Lister).List(ctx, prefix, skipped)(yield)
		})
		defer protect(func() error { entries.Stop(); return nil })
		for {
			err := protect(entries.Advance)
			if err == nil && !entries.More || !yield(entries.Entry, err) || err != nil {
				return
			}
		}
	}
}

// Link is that of the backend, in any state of the breaker.
func (o *Origin) Link(ctx context.Context, key string, options storage.LinkOptions) (string, error) {
	link := o.origin.(storage.Linker).Link
	return protectedLink(ctx, o.String(), func() (string, error) { return link(ctx, key, options) })
}

func protectedLink(ctx context.Context, backend string, call func() (string, error)) (link string, err error) {
	err = storage.Protect(ctx, backend, func() (err error) { link, err = call(); return err })
	return link, err
}
