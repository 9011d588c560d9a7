package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// original is an original that is open, and how it was come by.
type original struct {
	blob   *cache.Blob
	broken bool // and served all the same
	source Source
	shared bool
	steps  []Step
}

// fetched is what a fetch leaves to all who waited for it: an entry on disk, or
// the body in memory where it is empty, forgotten or the disk does not work.
type fetched struct {
	source   Source // FromDisk if it was there before anything was fetched
	inMemory bool
	data     []byte
	modTime  time.Time
	notKept  error
	steps    []Step
}

// original opens an original from disk, fetching it first if it is not there.
// Where it went from the disk again before we could open it — by bad luck, or as
// it is broken and somebody else has found out — it is fetched once more, into
// memory.
func (p *Pipeline) original(ctx context.Context, key variant.Key, v variant.Variant) (*original, error) {
	name := v.Original(key)
	b, err := p.Originals.Open(name)
	if err == nil {
		return &original{blob: b, source: FromDisk}, nil
	}
	p.unreadable(err)
	f, shared, err := p.fetchOnce(ctx, name, key, false)
	if err != nil {
		return nil, err
	}
	if !f.inMemory {
		if b, err := p.Originals.Open(name); err == nil {
			return &original{blob: b, source: f.source, shared: shared, steps: f.steps}, nil
		}
		if f, shared, err = p.fetchOnce(ctx, name, key, true); err != nil {
			return nil, err
		}
	}
	o := &original{blob: cache.InMemory(f.data, f.modTime), source: f.source, shared: shared, steps: f.steps}
	o.blob.NotKept = f.notKept
	return o, p.spare.hold(o.blob)
}

// fetchOnce joins or begins the one fetch of an original. The second ones, which
// bring it into memory, are not shared with the first.
func (p *Pipeline) fetchOnce(ctx context.Context, name variant.Name, key variant.Key, again bool) (*fetched, bool, error) {
	flight := p.flightKey(name, key)
	if again {
		flight += " in memory"
	}
	return p.fetching.Do(ctx, flight, func(ctx context.Context) (*fetched, error) {
		if !again && p.opens(name) { // came while we were on our way here
			return &fetched{source: FromDisk}, nil
		}
		return p.fetch(ctx, name, key, again)
	})
}

// fetch brings an original from its origin to disk, when it is its turn, and into
// memory, too, if that was in vain before.
func (p *Pipeline) fetch(ctx context.Context, name variant.Name, key variant.Key, again bool) (*fetched, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	began, epoch := p.Now(), p.epoch(key)
	body := &limited{max: p.MaxBytes}
	b, err := p.download(ctx, name, key, body)
	took := p.Now().Sub(began)
	p.Observer.Fetched(took, body.given, err)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	p.kept(cache.Originals, b.Size, b.NotKept)
	f := &fetched{source: FromOrigin, modTime: b.ModTime, notKept: b.NotKept, steps: []Step{{"fetch", took}}}
	forgotten := p.forgottenSince(key, epoch)
	if forgotten {
		p.forget(p.Originals, name)
	}
	if again || forgotten || b.NotKept != nil || b.Size == 0 || !p.opens(name) {
		f.inMemory = true
		f.data, err = b.Bytes()
	}
	return f, err
}

// opens reports that what was kept can be had again, which is not so where the
// disk can be written and not read.
func (p *Pipeline) opens(name variant.Name) bool {
	b, err := p.Originals.Open(name)
	if err != nil {
		p.unreadable(err)
		return false
	}
	return b.Close() == nil
}

func (p *Pipeline) download(ctx context.Context, name variant.Name, key variant.Key, body *limited) (*cache.Blob, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, p.FetchTimeout, fmt.Errorf("%w: not done after %v", storage.ErrUnavailable, p.FetchTimeout))
	defer cancel()
	object, err := p.Origin.Open(ctx, string(key))
	if err != nil {
		return nil, failure(ctx, err)
	}
	defer object.Body.Close()
	if object.Size > p.MaxBytes {
		return nil, tooManyBytes(p.MaxBytes)
	}
	body.r = object.Body
	p.note(key)
	b, err := p.Originals.Fill(ctx, name, body, object.ModTime)
	return b, failure(ctx, err)
}

// note writes the key down. Where it cannot, the picture is kept all the same,
// but not found by its prefix.
func (p *Pipeline) note(key variant.Key) {
	if p.Journal == nil {
		return
	}
	if err := p.Journal.Note(key); err != nil {
		p.warn("a key is not written down, and will not be found by its prefix", "cause", err)
	}
}

// failure gives an error of the origin its kind: our own time-out means that it
// did not answer, and so does an error of no kind.
func failure(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() == context.DeadlineExceeded:
		return context.Cause(ctx)
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, storage.ErrUnavailable), errors.Is(err, ErrTooManyBytes):
		return err
	}
	return fmt.Errorf("%w: %w", storage.ErrUnavailable, err)
}

// limited gives an error instead of the first byte beyond max.
type limited struct {
	r     io.Reader
	max   int64
	given int64 // bytes so far
}

func (l *limited) Read(b []byte) (int, error) {
	if l.given > l.max {
		return 0, tooManyBytes(l.max)
	}
	n, err := l.r.Read(b[:min(int64(len(b)), l.max-l.given+1)])
	l.given += int64(n)
	if l.given > l.max {
		return 0, tooManyBytes(l.max)
	}
	return n, err
}

func tooManyBytes(limit int64) error {
	return fmt.Errorf("%w: more than %d bytes", ErrTooManyBytes, limit)
}
