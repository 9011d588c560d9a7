package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
)

// resumable is the body of mirrors. When it breaks it goes on with another one
// of the same version, once.
type resumable struct {
	mirrors *mirrors
	ctx     context.Context
	key     string
	size    int64
	version Version
	cancel  context.CancelFunc // of the place that was opened first

	at      int   // the place that body comes from
	given   int64 // bytes
	broke   error // what body ended with, to be told or mended by the next Read
	resumed bool

	mu     sync.Mutex // Close may come from another goroutine
	body   io.ReadCloser
	closed bool
}

func newResumable(ctx context.Context, m *mirrors, key string, won *answer, cancel context.CancelFunc) *resumable {
	return &resumable{
		mirrors: m, ctx: ctx, key: key, cancel: cancel,
		size: won.object.Size, version: won.object.Version(), at: won.at, body: won.object.Body,
	}
}

func (r *resumable) Read(p []byte) (int, error) {
	for {
		body, err := r.current()
		if err != nil {
			return 0, err
		}
		n := 0
		if err = r.broke; err == nil {
			n, err = body.Read(p)
			r.given += int64(n)
		}
		if !errors.Is(err, ErrUnavailable) || r.resumed || r.ctx.Err() != nil {
			return n, err
		}
		r.broke = err
		if n > 0 {
			return n, nil
		}
		if !r.resume() {
			return 0, err
		}
		r.broke = nil
	}
}

// current is the body to read from.
func (r *resumable) current() (io.ReadCloser, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, fmt.Errorf("%s: read: %w", r.mirrors, fs.ErrClosed)
	}
	return r.body, nil
}

// resume finds another body, at the other places first.
func (r *resumable) resume() bool {
	r.resumed = true
	n := len(r.mirrors.origins)
	for i := range n {
		at := (r.at + 1 + i) % n
		if body, ok := r.reopen(r.mirrors.origins[at]); ok {
			r.at = at
			return r.swap(body)
		}
	}
	return false
}

// reopen opens the object again, to go on after what was given.
func (r *resumable) reopen(origin Origin) (io.ReadCloser, bool) {
	object, err := origin.Open(r.ctx, r.key, Version{})
	if err != nil {
		return nil, false
	}
	if object.Size != r.size || !r.version.Is(object.Version()) {
		discard(object)
		return nil, false
	}
	if _, err := io.CopyN(io.Discard, object.Body, r.given); err != nil {
		discard(object)
		return nil, false
	}
	if tell := r.mirrors.observer.Resumed; tell != nil {
		tell(origin.String())
	}
	return object.Body, true
}

// swap puts body in place of the one that broke. It reports false, and closes
// it, if nobody reads any more.
func (r *resumable) swap(body io.ReadCloser) bool {
	r.mu.Lock()
	old := r.body
	if r.closed {
		old = body
	} else {
		r.body = body
	}
	closed := r.closed
	r.mu.Unlock()
	_ = old.Close()
	return !closed
}

func (r *resumable) Close() error {
	r.mu.Lock()
	closed := r.closed
	r.closed = true
	body := r.body
	r.mu.Unlock()
	if closed {
		return nil
	}
	err := body.Close()
	r.cancel()
	return err
}
