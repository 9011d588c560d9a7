package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// original is an original that is open, and how it was come by.
type original struct {
	blob   *cache.Blob
	epoch  uint64 // of its picture, before it was opened
	broken bool   // and served all the same
	stale  bool   // old, and the origin could not be asked
	aging  bool   // old, and the origin is being asked
	source Source
	shared bool
	steps  []render.Step
}

// Original returns the bytes of an original as they are, or the Location of them.
// Of v, the cache buster counts; link is how a Location is to be. Errors are as for
// Picture.
func (p *Pipeline) Original(ctx context.Context, key variant.Key, v variant.Variant, link storage.LinkOptions) (*Result, error) {
	way := toDisk
	if p.RedirectRaw > 0 {
		way = unlessLarge
	}
	o, mediaType, err := p.sniffed(ctx, key, v, way)
	if large, ok := errors.AsType[*tooLargeToProxy](err); ok {
		location, err := large.link(ctx, link)
		return &Result{Blob: cache.InMemory(nil, time.Time{}), Location: location, Source: FromOrigin}, err
	}
	if err != nil {
		return nil, err
	}
	return &Result{
		Blob: o.blob, Name: v.Original(key), MediaType: mediaType, Source: o.source,
		Stored: o.blob.NotKept == nil, Shared: o.shared, Stale: o.stale, Aging: o.aging, OriginDown: p.down(key), Steps: o.steps,
	}, nil
}

// sniffed opens an original and reads its beginning, which tells its media type.
func (p *Pipeline) sniffed(ctx context.Context, key variant.Key, v variant.Variant, w way) (*original, string, error) {
	for {
		o, err := p.original(ctx, key, v, w)
		if err != nil {
			return nil, "", err
		}
		t, err := mediaType(o.blob)
		if err == nil {
			return o, t, nil
		}
		p.unreadable(err)
		o.blob.Close()
		w = intoMemory // where reading does not fail
	}
}

// way is how an original is fetched; fetches in different ways are not shared.
type way string

const (
	toDisk      way = ""
	intoMemory  way = " into memory"  // as well, and not looked for on disk
	unlessLarge way = " unless large" // tooLargeToProxy is the error otherwise
)

// tooLargeToProxy is the end of a fetch of what is larger than RedirectRaw.
type tooLargeToProxy struct {
	link func(context.Context, storage.LinkOptions) (string, error)
}

func (*tooLargeToProxy) Error() string { return "large enough to be had from its place" }

// original opens an original from disk, fetching it first if it is not there, or
// if there is another one by now.
func (p *Pipeline) original(ctx context.Context, key variant.Key, v variant.Variant, w way) (*original, error) {
	name, epoch := v.Original(key), p.epoch(key)
	if w == intoMemory {
		return p.fetchedOriginal(ctx, name, key, w)
	}
	b, err := p.Originals.Open(name)
	if err != nil {
		p.unreadable(err)
		return p.fetchedOriginal(ctx, name, key, w)
	}
	verdict := p.revalidated(ctx, key, v, b.ModTime)
	if verdict == Changed || verdict == Gone {
		b.Close()
		return p.fetchedOriginal(ctx, name, key, w)
	}
	return &original{blob: b, epoch: epoch, source: FromDisk, stale: verdict == Failed, aging: verdict == Asking}, nil
}

// fetchedOriginal fetches an original and opens it. Where it went from the disk
// again before we could — by bad luck, or as it is broken and somebody else has
// found out — it is fetched once more, into memory.
func (p *Pipeline) fetchedOriginal(ctx context.Context, name variant.Name, key variant.Key, w way) (*original, error) {
	epoch := p.epoch(key)
	f, shared, err := p.fetchOnce(ctx, name, key, w)
	if err != nil {
		return nil, err
	}
	o := &original{epoch: epoch, source: f.source, shared: shared, steps: f.steps}
	if !f.inMemory {
		if b, err := p.Originals.Open(name); err == nil {
			o.blob, o.epoch = b, max(epoch, f.epoch)
			return o, nil
		}
		if f, o.shared, err = p.fetchOnce(ctx, name, key, intoMemory); err != nil {
			return nil, err
		}
		o.source, o.steps = f.source, f.steps
	}
	o.blob = cache.InMemory(f.data, f.modTime)
	o.blob.NotKept = f.notKept
	return o, p.spare.hold(o.blob)
}

// fetched is what a fetch leaves to all who waited for it: an entry on disk, or
// the body in memory where it is empty, forgotten or the disk does not work.
type fetched struct {
	source   Source // FromDisk if it was there before anything was fetched
	epoch    uint64 // of the picture, when this was here; 0 if it was there
	inMemory bool
	data     []byte
	modTime  time.Time
	notKept  error
	steps    []render.Step
}

// fetchOnce joins or begins the one fetch of an original.
func (p *Pipeline) fetchOnce(ctx context.Context, name variant.Name, key variant.Key, w way) (*fetched, bool, error) {
	return p.fetching.Do(ctx, p.flightKey(name, key)+string(w), func(ctx context.Context) (*fetched, error) {
		if w != intoMemory && p.opens(name) { // came while we were on our way here
			return &fetched{source: FromDisk}, nil
		}
		return p.fetch(ctx, name, key, w)
	})
}

// fetch brings an original from its origin to disk, and where it cannot be had
// from there into memory.
func (p *Pipeline) fetch(ctx context.Context, name variant.Name, key variant.Key, w way) (*fetched, error) {
	if err := p.versions.admit(key, name, p.Now()); err != nil {
		return nil, err
	}
	epoch := p.epoch(key)
	known, _ := p.ages.get(name)
	began := p.Now()
	b, version, err := p.ask(ctx, name, key, storage.Version{}, w)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	f := &fetched{source: FromOrigin, epoch: epoch, modTime: b.ModTime, notKept: b.NotKept, steps: []render.Step{{Name: "fetch", Took: p.Now().Sub(began)}}}
	forgotten := p.forgottenSince(key, epoch)
	switch {
	case forgotten:
		p.forget(p.Originals, name)
	case p.Revalidate > 0 && known.differs(version): // what was made of the one before is not of this
		if _, err := p.forgetMade(key); err != nil {
			p.warn("cannot forget what was made of an original that has changed", "key", key, "cause", err)
		}
		f.epoch = p.epoch(key)
	}
	p.label(name, f.epoch, b, version, time.Time{})
	if w == intoMemory || forgotten || b.NotKept != nil || b.Size == 0 || !p.opens(name) {
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

// ask asks the origin for an original, unless it is still of the version have,
// when it is its turn, and keeps it.
func (p *Pipeline) ask(ctx context.Context, name variant.Name, key variant.Key, have storage.Version, w way) (b *cache.Blob, version storage.Version, err error) {
	if err := p.isAbsent(name, key); err != nil {
		return nil, version, err
	}
	if p.ReadOnly() {
		return nil, version, ErrReadOnly
	}
	leave, err := p.Fetches.Enter(ctx, 1)
	if err != nil {
		return nil, version, err
	}
	defer leave()
	began, epoch := p.Now(), p.epoch(key)
	body := &limited{max: p.MaxBytes}
	b, version, err = p.download(ctx, name, key, have, w, body)
	p.Observer.Fetched(p.Now().Sub(began), body.given, unlessAnswer(err))
	p.rememberAbsent(name, epoch, err)
	if err == nil {
		p.kept(eviction.Originals, b.Size, b.NotKept)
	}
	return b, version, err
}

// unlessAnswer is nil for what only looks like a fetch that failed.
func unlessAnswer(err error) error {
	if _, ok := errors.AsType[*tooLargeToProxy](err); ok || errors.Is(err, storage.ErrNotModified) {
		return nil
	}
	return err
}

func (p *Pipeline) download(ctx context.Context, name variant.Name, key variant.Key, have storage.Version, w way, body *limited) (*cache.Blob, storage.Version, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, p.FetchTimeout, fmt.Errorf("%w: not done after %v", storage.ErrUnavailable, p.FetchTimeout))
	defer cancel()
	object, err := p.Origin.Open(ctx, string(key), have)
	if err != nil {
		return nil, storage.Version{}, fetchError(ctx, err)
	}
	defer object.Body.Close()
	if w == unlessLarge && object.Link != nil && object.Size > p.RedirectRaw {
		return nil, storage.Version{}, &tooLargeToProxy{object.Link}
	}
	if object.Size > p.MaxBytes {
		return nil, storage.Version{}, tooManyBytes(p.MaxBytes)
	}
	body.r = object.Body
	p.note(ctx, key)
	b, err := p.fill(ctx, name, body, object.ModTime, w)
	if err != nil {
		return nil, storage.Version{}, fetchError(ctx, err)
	}
	return b, object.Version(), nil
}

// fill keeps an original. One that is needed in memory is there before it is on disk,
// from where it may not be had again.
func (p *Pipeline) fill(ctx context.Context, name variant.Name, body io.Reader, modTime time.Time, w way) (*cache.Blob, error) {
	if w != intoMemory {
		return p.Originals.Fill(ctx, name, body, modTime)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	kept, err := p.Originals.Fill(ctx, name, bytes.NewReader(data), modTime)
	if err != nil {
		return nil, err
	}
	defer kept.Close()
	b := cache.InMemory(data, kept.ModTime)
	b.NotKept = kept.NotKept
	return b, nil
}

// note writes the key down. Where it cannot, the picture is kept all the same,
// but not found by its prefix.
func (p *Pipeline) note(ctx context.Context, key variant.Key) {
	if p.Journal == nil {
		return
	}
	if err := p.Journal.Note(ctx, key); err != nil {
		p.warn("a key is not written down, and will not be found by its prefix", "cause", err)
	}
}

// fetchError gives an error of the origin its class: our own time-out means that it
// did not answer, and so does an error without a class.
func fetchError(ctx context.Context, err error) error {
	switch {
	case ctx.Err() == context.DeadlineExceeded:
		return context.Cause(ctx)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	if c := failure.Of(err); c != failure.Unknown && c != failure.Canceled {
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
