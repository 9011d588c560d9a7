package pipeline

import (
	"context"
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
	source Source
	shared bool
	steps  []Step
}

// fetched is what a fetch leaves to all who waited for it: an entry on disk, or
// the body in memory where it is empty, forgotten or the disk does not work.
type fetched struct {
	inMemory bool
	data     []byte
	modTime  time.Time
	notKept  error
	steps    []Step
}

// attempts is how often an original is fetched again because it went from the
// disk between its arrival and our opening it. Once is bad luck.
const attempts = 3

// original opens an original from disk, fetching it first if it is not there.
func (p *Pipeline) original(ctx context.Context, key variant.Key) (*original, error) {
	name := key.Name()
	o := &original{source: FromDisk}
	for range attempts {
		b, err := p.Originals.Open(name)
		if err == nil {
			o.blob = b
			return o, nil
		}
		p.unreadable(err)
		f, shared, err := p.fetching.Do(ctx, p.flightKey(name, key), func(ctx context.Context) (*fetched, error) {
			if b, err := p.Originals.Open(name); err == nil { // came while we were on our way here
				return &fetched{}, b.Close()
			}
			return p.fetch(ctx, name, key)
		})
		if err != nil {
			return nil, err
		}
		o.source, o.shared, o.steps = FromOrigin, shared, f.steps
		if f.inMemory {
			o.blob = cache.InMemory(f.data, f.modTime)
			o.blob.NotKept = f.notKept
			return o, nil
		}
	}
	return nil, fmt.Errorf("original %s does not stay in the disk cache", name)
}

// fetch brings an original from its origin to disk.
func (p *Pipeline) fetch(ctx context.Context, name variant.Name, key variant.Key) (*fetched, error) {
	began, epoch := p.Now(), p.epoch(key)
	b, err := p.download(ctx, name, key)
	took := p.Now().Sub(began)
	if err != nil {
		p.Observer.Fetched(took, 0, err)
		return nil, err
	}
	defer b.Close()
	p.Observer.Fetched(took, b.Size, nil)
	p.kept(TierOriginals, b.Size, b.NotKept)
	f := &fetched{modTime: b.ModTime, notKept: b.NotKept, steps: []Step{{"fetch", took}}}
	forgotten := p.forgottenSince(key, epoch)
	if forgotten {
		p.forget(p.Originals, name)
	}
	if forgotten || b.NotKept != nil || b.Size == 0 || !p.opens(name) {
		f.inMemory = true
		f.data, err = io.ReadAll(b.Content())
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

func (p *Pipeline) download(ctx context.Context, name variant.Name, key variant.Key) (*cache.Blob, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, p.FetchTimeout, fmt.Errorf("%w: not done after %v", storage.ErrUnavailable, p.FetchTimeout))
	defer cancel()
	object, err := p.Origin.Open(ctx, string(key))
	if err != nil {
		return nil, timedOut(ctx, err)
	}
	defer object.Body.Close()
	if object.Size > p.MaxBytes {
		return nil, tooManyBytes(p.MaxBytes)
	}
	modTime := object.ModTime
	if modTime.IsZero() {
		modTime = p.Now()
	}
	b, err := p.Originals.Fill(ctx, name, &limited{object.Body, p.MaxBytes, p.MaxBytes}, modTime)
	return b, timedOut(ctx, err)
}

// timedOut gives our own time-out the kind that it has for those who asked: the
// origin did not answer.
func timedOut(ctx context.Context, err error) error {
	if err != nil && ctx.Err() == context.DeadlineExceeded {
		return context.Cause(ctx)
	}
	return err
}
