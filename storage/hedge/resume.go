package hedge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

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

	from    int // index of the origin that body comes from
	body    io.ReadCloser
	read    int64 // bytes
	failure error // of body; the next Read resumes, or returns it
	resumed bool
	closed  bool
}

func newResumable(ctx context.Context, m *mirrors, key string, best *answer, cancel context.CancelFunc) *resumable {
	return &resumable{
		mirrors: m, ctx: ctx, key: key, cancel: cancel,
		size: best.object.Size, version: best.object.Version(), from: best.from, body: best.object.Body,
	}
}

func (r *resumable) Read(p []byte) (int, error) {
	for {
		if r.closed {
			return 0, fmt.Errorf("%s: read: %w", r.mirrors, fs.ErrClosed)
		}
		n, err := 0, r.failure
		if err == nil {
			n, err = r.body.Read(p)
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

// resume replaces the body by another, of the other origins first.
func (r *resumable) resume() bool {
	r.resumed = true
	origins := r.mirrors.Members()
	for i := range origins {
		next := (r.from + 1 + i) % len(origins)
		if body, ok := r.reopen(origins[next]); ok {
			_ = r.body.Close()
			r.from, r.body = next, body
			return true
		}
	}
	return false
}

// reopen opens the object again, and skips what was read.
func (r *resumable) reopen(origin storage.Origin) (io.ReadCloser, bool) {
	object, err := origin.Open(r.ctx, r.key, storage.Version{})
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

func (r *resumable) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	err := r.body.Close()
	r.cancel()
	return err
}
