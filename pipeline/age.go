package pipeline

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// Verdict is what is known about an original that is in the cache.
type Verdict uint8

// The values of Verdict.
const (
	Fresh   Verdict = iota // young enough
	Asking                 // old, and the origin is being asked
	Same                   // the origin has been asked, and has no other
	Changed                // the origin had another, which is kept now
	Gone                   // the origin has none any more, and so it is forgotten
	Failed                 // old, and the origin did not answer
)

// String is the verdict's name in metrics.
func (v Verdict) String() string {
	return [...]string{"fresh", "asking", "same", "changed", "gone", "failed"}[v]
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
	guessed bool      // version is of something that was made of one, perhaps of an older one
	before  time.Time // OriginMeta.Before
	checked time.Time // when the origin last said that it is of this version; zero if unknown
	asked   time.Time // when it was asked last
	failed  time.Time // when it did not answer; zero if it has since
	epoch   uint64    // in which all this was found out
}

// of reports that it is the age of what has modTime, as far as is known.
func (a age) of(modTime time.Time) bool {
	date := a.version.ModTime
	return a.guessed || date.IsZero() || date.Equal(modTime) || !a.before.IsZero() && a.before.Equal(modTime)
}

// differs reports that another version is known not to be this one.
func (a age) differs(other storage.Version) bool {
	return !a.guessed && !a.version.IsZero() && !other.IsZero() && !a.version.Is(other)
}

// revalidated says whether something in the cache with modTime, the original of v
// or made of it, may still be used. Up to Revalidate it is Fresh; after that it is
// used, and asked for in the background; after RevalidateSync whoever comes first
// waits for the answer. Nobody waits for one whose age is not known, as from before
// all this was switched on, and for an origin that failed to answer the last time.
// What was made of an older original than the one that is here is Changed.
func (p *Pipeline) revalidated(ctx context.Context, key variant.Key, v variant.Variant, modTime time.Time) Verdict {
	if p.Revalidate == 0 {
		return Fresh
	}
	name, now := v.Original(key), p.Now()
	a, same := p.ageOf(name, key, modTime)
	old, waited := now.Sub(a.checked), now.Sub(a.asked)
	if same && old >= 0 && old < p.Revalidate {
		return Fresh
	}
	if p.ReadOnly() || p.down(key) {
		return Failed
	}
	if !same {
		return Changed
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
	return Asking
}

// ageOf remembers, or reads what is written beside the original. same is false if
// what has modTime is of another version than the original: made of one that was
// here before it.
func (p *Pipeline) ageOf(name variant.Name, key variant.Key, modTime time.Time) (a age, same bool) {
	known, ok := p.ages.get(name)
	if ok && known.of(modTime) {
		return known, true
	}
	a = age{epoch: p.epoch(key), asked: known.asked, failed: known.failed}
	b, err := p.Originals.Peek(name)
	switch {
	case err != nil && ok:
		return known, false
	case err != nil:
		a.version.ModTime, a.guessed = modTime, true
	case ok && known.of(b.ModTime):
		b.Close()
		return known, false
	default:
		defer b.Close()
		if l, err := b.OriginMeta(); err == nil {
			a.version.ETag, a.checked, a.before = l.ETag, l.Checked, l.Before
		}
		a.version.ModTime = b.ModTime
	}
	p.ages.put(name, a.epoch, a)
	return a, a.of(modTime)
}

// label notes that an original is of that version now, beside it and in memory.
// before is OriginMeta.Before.
func (p *Pipeline) label(name variant.Name, epoch uint64, b *cache.Blob, version storage.Version, before time.Time) {
	now := p.Now()
	// Where nothing can be noted beside it, it is asked for again after a restart.
	_ = b.SetOriginMeta(cache.OriginMeta{ETag: version.ETag, Checked: now, Before: before})
	p.ages.put(name, epoch, age{version: version, before: before, checked: now, asked: now, epoch: epoch})
}

// asking notes that somebody asks.
func (p *Pipeline) asking(name variant.Name, a age) {
	a.asked = p.Now()
	p.ages.put(name, a.epoch, a)
}

// failed notes that the origin did not answer.
func (p *Pipeline) failed(name variant.Name, a age) {
	a.asked = p.Now()
	a.failed = a.asked
	p.ages.put(name, a.epoch, a)
}

// checkSoon asks in the background, if there is a place.
func (p *Pipeline) checkSoon(ctx context.Context, name variant.Name, key variant.Key, a age) {
	noted := make(chan struct{}) // before there is an answer, which it would hide
	defer close(noted)
	begun := p.checks.Go(ctx, string(name), func(ctx context.Context) {
		<-noted
		p.check(ctx, name, key, a)
	})
	if begun {
		p.asking(name, a)
	}
}

// checkNow waits for the answer, but not for ever: then it is a matter of the
// background. Other requests that come meanwhile do not wait. When the one that waits
// ends, nothing is asked any more.
func (p *Pipeline) checkNow(ctx context.Context, name variant.Name, key variant.Key, a age) Verdict {
	p.asking(name, a)
	answer := make(chan Verdict, 1)
	work, leave := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer leave()
		_ = panics.Try("revalidate", func() error {
			answer <- p.check(work, name, key, a)
			return nil
		})
	}()
	enough := time.NewTimer(patience)
	defer enough.Stop()
	select {
	case verdict := <-answer:
		return verdict
	case <-enough.C:
		p.failed(name, a)
	case <-ctx.Done():
		leave()
	}
	return Failed
}

// check asks the origin for the original unless it is the one that we have, once
// for all who ask at the same time.
func (p *Pipeline) check(ctx context.Context, name variant.Name, key variant.Key, a age) Verdict {
	verdict, _, err := p.checking.Do(ctx, p.flightKey(name, key), func(ctx context.Context) (Verdict, error) {
		verdict := p.compare(ctx, name, key, a)
		if ctx.Err() == nil {
			p.Observer.Revalidated(verdict)
		}
		return verdict, nil
	})
	if err != nil {
		if ctx.Err() == nil { // a panic
			p.Log.Error("asking whether an original has changed failed", "key", key, "cause", err)
		}
		return Failed
	}
	return verdict
}

// compare does that. What comes is not kept if the picture was forgotten meanwhile:
// it may be older than what we were told of.
func (p *Pipeline) compare(ctx context.Context, name variant.Name, key variant.Key, a age) Verdict {
	epoch := p.epoch(key)
	old, err := p.Originals.Peek(name)
	if err != nil {
		old = cache.InMemory(nil, time.Time{}) // only what was made of it is here
	}
	defer old.Close()
	b, version, err := p.ask(ctx, name, key, a.version, toDisk)
	switch {
	case errors.Is(err, storage.ErrNotModified):
		p.label(name, epoch, old, a.version, a.before)
		return Same
	case failure.Of(err) == failure.NotFound:
		return p.gone(name, key, epoch)
	case errors.Is(err, gate.ErrBusy): // it was not asked
		return Asking
	case err != nil && ctx.Err() != nil: // the request has ended: the next one asks
		p.ages.put(name, a.epoch, a)
		return Failed
	case err != nil:
		p.failed(name, a)
		p.warn("cannot ask whether an original has changed: the old one is served", "key", key, "cause", err)
		return Failed
	}
	defer b.Close()
	if p.forgottenSince(key, epoch) {
		p.forget(p.Originals, name)
		return Changed
	}
	if old.Size > 0 && equal(old, b) { // an origin may have another date for what it had before
		p.label(name, epoch, b, version, old.ModTime)
		return Same
	}
	return p.replaced(name, key, a, b, version)
}

// replaced forgets what was made of the version before b. A disk that takes nothing
// may not give up anything either: then the old version is served.
func (p *Pipeline) replaced(name variant.Name, key variant.Key, a age, b *cache.Blob, version storage.Version) Verdict {
	p.Log.Info("an original has changed", "key", key)
	if b.NotKept != nil || b.Size == 0 { // the one before it may still be there
		if err := p.Originals.Remove(name); err != nil {
			p.failed(name, a)
			p.warn("cannot remove an original that has changed: the old one is served", "key", key, "cause", err)
			return Failed
		}
	}
	if _, err := p.forgetMade(key); err != nil {
		p.warn("cannot forget what was made of an original that has changed", "key", key, "cause", err)
	}
	p.label(name, p.epoch(key), b, version, time.Time{})
	return Changed
}

// gone forgets a picture whose original is not there any more. One that was
// forgotten since it was asked for may have been uploaded.
func (p *Pipeline) gone(name variant.Name, key variant.Key, epoch uint64) Verdict {
	if p.forgottenSince(key, epoch) {
		return Changed
	}
	p.Log.Info("an original is not there any more", "key", key)
	if _, err := p.Forget(key); err != nil {
		p.warn("cannot forget a picture that is not there any more", "key", key, "cause", err)
	}
	if p.RememberAbsent > 0 {
		p.absent.put(name, epoch+epochsOfForget, p.Now()) // for nothing if somebody else has forgotten it, too
	}
	return Gone
}

// equal reports that two bodies are the same bytes.
func equal(a, b *cache.Blob) bool {
	if a.Size != b.Size {
		return false
	}
	const chunk = 64 << 10
	var one, other [chunk]byte
	for at := int64(0); at < a.Size; at += chunk {
		n := min(chunk, a.Size-at)
		if !readAt(a, one[:n], at) || !readAt(b, other[:n], at) || !bytes.Equal(one[:n], other[:n]) {
			return false
		}
	}
	return true
}

func readAt(b *cache.Blob, p []byte, at int64) bool {
	n, err := b.At().ReadAt(p, at)
	return n == len(p) && (err == nil || err == io.EOF)
}
