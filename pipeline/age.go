package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// Verdict is what is known about an original that is in the cache.
type Verdict uint8

// The values of Verdict.
const (
	Fresh   Verdict = iota // young enough, or being asked for
	Same                   // the origin has been asked, and has no other
	Changed                // the origin had another, which is kept now
	Gone                   // the origin has none any more, and so it is forgotten
	Failed                 // old, and the origin did not answer
)

// String is the verdict's name in metrics.
func (v Verdict) String() string {
	return [...]string{"fresh", "same", "changed", "gone", "failed"}[v]
}

const (
	// ageBytes bounds what is remembered of the ages of originals, for some 50,000.
	ageBytes = 16 << 20
	// backgroundChecks is how many originals are asked for in the background at
	// once. What finds no place is asked for when it is used next.
	backgroundChecks = 8
	// askAgainAfter is how long an origin that did not answer is left in peace.
	askAgainAfter = 30 * time.Second
	// patience is how long an answer that may be old waits for the origin.
	patience = 3 * time.Second
)

// age is what is known of an original's version.
type age struct {
	version storage.Version
	checked time.Time // when the origin last said that it is of this version; zero if unknown
	asked   time.Time // when it was asked last
	failed  time.Time // when it did not answer; zero if it has since
}

// of reports that it is the age of what has modTime, as far as is known.
func (a age) of(modTime time.Time) bool {
	return a.version.ModTime.IsZero() || a.version.ModTime.Equal(modTime)
}

// revalidated says whether something in the cache with modTime, the original of v
// or made of it, may still be used. Up to Revalidate it is Fresh; after that it is
// used, and asked for in the background; after RevalidateSync whoever comes first
// waits for the answer. Nobody waits for one whose age is not known, as from before
// all this was switched on, and for an origin that failed to answer the last time.
func (p *Pipeline) revalidated(ctx context.Context, key variant.Key, v variant.Variant, modTime time.Time) Verdict {
	if p.Revalidate == 0 {
		return Fresh
	}
	name, now := v.Original(key), p.Now()
	a, same := p.ageOf(name, key, modTime)
	if !same {
		return Changed
	}
	old, waited := now.Sub(a.checked), now.Sub(a.asked)
	if old >= 0 && old < p.Revalidate {
		return Fresh
	}
	if p.ReadOnly() || p.down(key) {
		return Failed
	}
	failed := !a.failed.IsZero()
	if waited < 0 || waited >= askAgainAfter { // else somebody is asking, or has just asked
		if p.RevalidateSync > 0 && old >= p.RevalidateSync && !a.checked.IsZero() && !failed {
			return p.checkNow(ctx, name, key, a)
		}
		p.checkSoon(ctx, name, key, a)
	}
	if failed {
		return Failed
	}
	return Fresh
}

// ageOf remembers, or reads what is written beside the original. same is false if
// what has modTime is of another version than the original: made of one that was
// here before it.
func (p *Pipeline) ageOf(name variant.Name, key variant.Key, modTime time.Time) (a age, same bool) {
	known, ok := p.ages.get(name)
	if ok && known.of(modTime) {
		return known, true
	}
	epoch := p.epoch(key)
	b, err := p.Originals.Open(name)
	switch {
	case err != nil && ok:
		return known, false
	case err != nil:
		a.version.ModTime = modTime
	case ok && known.of(b.ModTime):
		b.Close()
		return known, false
	default:
		defer b.Close()
		if l, err := b.Label(); err == nil {
			a.version.ETag, a.checked = l.ETag, l.Checked
		}
		a.version.ModTime = b.ModTime
	}
	p.ages.put(name, epoch, a)
	return a, a.of(modTime)
}

// label notes that an original is of that version now, beside it and in memory.
func (p *Pipeline) label(name variant.Name, epoch uint64, b *cache.Blob, version storage.Version) {
	now := p.Now()
	// Where nothing can be noted beside it, it is asked for again after a restart.
	_ = b.SetLabel(cache.Label{ETag: version.ETag, Checked: now})
	p.ages.put(name, epoch, age{version: version, checked: now, asked: now})
}

// asking notes that somebody asks.
func (p *Pipeline) asking(name variant.Name, key variant.Key, a age) {
	a.asked = p.Now()
	p.ages.put(name, p.epoch(key), a)
}

// failed notes that the origin did not answer.
func (p *Pipeline) failed(name variant.Name, key variant.Key, a age) {
	now := p.Now()
	p.ages.put(name, p.epoch(key), age{version: a.version, checked: a.checked, asked: now, failed: now})
}

// checkSoon asks in the background, if there is a place.
func (p *Pipeline) checkSoon(ctx context.Context, name variant.Name, key variant.Key, a age) {
	select {
	case p.checks <- struct{}{}:
	default:
		return
	}
	p.asking(name, key, a)
	go func() {
		defer func() { <-p.checks }()
		p.check(context.WithoutCancel(ctx), name, key, a)
	}()
}

// checkNow waits for the answer, but not for ever: then it is a matter of the
// background. Whoever comes meanwhile does not wait.
func (p *Pipeline) checkNow(ctx context.Context, name variant.Name, key variant.Key, a age) Verdict {
	p.asking(name, key, a)
	answer := make(chan Verdict, 1)
	go func() { answer <- p.check(context.WithoutCancel(ctx), name, key, a) }()
	enough := time.NewTimer(patience)
	defer enough.Stop()
	select {
	case verdict := <-answer:
		return verdict
	case <-enough.C:
		p.failed(name, key, a)
	case <-ctx.Done():
	}
	return Failed
}

// check asks the origin for the original unless it is the one that we have, once
// for all who ask at the same time.
func (p *Pipeline) check(ctx context.Context, name variant.Name, key variant.Key, a age) Verdict {
	verdict, _, err := p.checking.Do(ctx, p.flightKey(name, key), func(ctx context.Context) (Verdict, error) {
		verdict := p.compare(ctx, name, key, a)
		p.Observer.Revalidated(verdict)
		return verdict, nil
	})
	if err != nil { // a panic: ctx does not end
		p.Log.Error("asking whether an original has changed failed", "key", key, "cause", err)
		return Failed
	}
	return verdict
}

// compare does that. What comes is not kept if the picture was forgotten meanwhile:
// it may be older than what we were told of.
func (p *Pipeline) compare(ctx context.Context, name variant.Name, key variant.Key, a age) Verdict {
	epoch := p.epoch(key)
	b, version, err := p.ask(ctx, name, key, a.version, toDisk)
	switch {
	case errors.Is(err, storage.ErrNotModified):
		p.confirm(name, epoch, a.version)
		return Same
	case saidNo(err):
		return p.gone(key, epoch)
	case errors.Is(err, resize.ErrBusy): // it was not asked
		return Fresh
	case err != nil:
		p.failed(name, key, a)
		p.warn("cannot ask whether an original has changed: the old one is served", "key", key, "cause", err)
		return Failed
	}
	defer b.Close()
	if p.forgottenSince(key, epoch) {
		p.forget(p.Originals, name)
		return Changed
	}
	p.Log.Info("an original has changed", "key", key)
	if b.NotKept != nil || b.Size == 0 { // the one before it may still be there
		p.forget(p.Originals, name)
	}
	if _, err := p.forgetMade(key); err != nil {
		p.Log.Error("cannot forget what was made of an original that has changed", "key", key, "cause", err)
	}
	p.label(name, p.epoch(key), b, version)
	return Changed
}

// confirm notes that an original is still the one that its place has.
func (p *Pipeline) confirm(name variant.Name, epoch uint64, version storage.Version) {
	b, err := p.Originals.Open(name)
	if err != nil {
		b = cache.InMemory(nil, time.Time{}) // only what was made of it is here
	}
	defer b.Close()
	p.label(name, epoch, b, version)
}

// gone forgets a picture whose original is not there any more. One that was
// forgotten since it was asked for may have been uploaded.
func (p *Pipeline) gone(key variant.Key, epoch uint64) Verdict {
	if p.forgottenSince(key, epoch) {
		return Changed
	}
	p.Log.Info("an original is not there any more", "key", key)
	if _, err := p.Forget(key); err != nil {
		p.Log.Error("cannot forget a picture that is not there any more", "key", key, "cause", err)
	}
	return Gone
}
