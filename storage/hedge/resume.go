package hedge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/thumbery/thumbery/storage"
)

// resumable is the body of an object of Mirrors. When it breaks off it continues, once,
// with another body of the same version.
type resumable struct {
	mirrors *mirrors
	ctx     context.Context
	key     string
	size    int64
	version storage.Version
	cancel  context.CancelFunc // of the origin that was opened first

	from    int   // index of the origin that body comes from
	read    int64 // bytes
	failure error // of body; the next Read resumes, or returns it
	resumed bool

	mu     sync.Mutex // Close may come from another goroutine
	body   io.ReadCloser
	closed bool
}

func newResumable(ctx context.Context, m *mirrors, key string, best *answer, cancel context.CancelFunc) *resumable {
	return &resumable{
		mirrors: m, ctx: ctx, key: key, cancel: cancel,
		size: best.object.Size, version: best.object.Version(), from: best.from, body: best.object.Body,
	}
}

func (r *resumable) Read(p []byte) (int, error) {
	for {
		body, err := r.current()
		if err != nil {
			return 0, err
		}
		n := 0
		if err = r.failure; err == nil {
			n, err = body.Read(p)
			r.read += int64(n)
		}
		if !errors.Is(err, storage.ErrUnavailable) || r.resumed || r.ctx.Err() != nil {
			return n, err
		}
		r.failure = err
		if n > 0 {
			return n, nil
		}
		if !r.resume() {
			return 0, err
		}
		r.failure = nil
	}
}

// current returns the body to read from.
func (r *resumable) current() (io.ReadCloser, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, fmt.Errorf("%s: read: %w", r.mirrors, fs.ErrClosed)
	}
	return r.body, nil
}

// resume finds another body, at the other origins first.
func (r *resumable) resume() bool {
	r.resumed = true
	origins := r.mirrors.Members()
	n := len(origins)
	for i := range n {
		next := (r.from + 1 + i) % n
		if body, ok := r.reopen(origins[next]); ok {
			r.from = next
			return r.swap(body)
		}
	}
	return false
}

// reopen opens the object again, and skips what was read.
func (r *resumable) reopen(origin storage.Origin) (io.ReadCloser, bool) {
	object, err := openTwice(r.ctx, origin, r.key, storage.Version{})
	if err != nil {
		return nil, false
	}
	if object.Size != r.size || !r.version.Is(object.Version()) {
		object.Discard()
		return nil, false
	}
	if _, err := io.CopyN(io.Discard, object.Body, r.read); err != nil {
		object.Discard()
		return nil, false
	}
	if resumed := r.mirrors.observer.Resumed; resumed != nil {
		resumed(origin.String())
	}
	return object.Body, true
}

// swap replaces the body that broke off. It reports false, and closes the new one, if
// the reader has been closed.
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
