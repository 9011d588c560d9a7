package pipeline

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"github.com/thumbery/thumbery/cache"
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

// revalidated says whether the original of v, of which something with modTime is
// in the cache, may still be used. Up to Revalidate it is Fresh; after that it is
// used, and asked for in the background; after RevalidateSync it is asked for
// first. Nobody waits for one whose age is not known, as from before all this was
// switched on, and for an origin that failed to answer the last time.
func (p *Pipeline) revalidated(ctx context.Context, key variant.Key, v variant.Variant, modTime time.Time) Verdict {
	if p.Revalidate == 0 {
		return Fresh
	}
	name, now := v.Original(key), p.Now()
	a := p.ageOf(name, modTime)
	old, waited := now.Sub(a.checked), now.Sub(a.asked)
	if old >= 0 && old < p.Revalidate {
		return Fresh
	}
	if p.ReadOnly() {
		return Failed
	}
	failed := !a.failed.IsZero()
	if p.RevalidateSync > 0 && old >= p.RevalidateSync && !a.checked.IsZero() && !failed {
		return p.checkNow(ctx, name, key, a)
	}
	if waited < 0 || waited >= askAgainAfter {
		p.checkSoon(ctx, name, key, a)
	}
	if failed {
		return Failed
	}
	return Fresh
}

// ageOf remembers, or reads what is written beside the original.
func (p *Pipeline) ageOf(name variant.Name, modTime time.Time) age {
	if a, ok := p.ages.Get(name); ok {
		return a
	}
	a := age{version: storage.Version{ModTime: modTime}}
	if b, err := p.Originals.Open(name); err == nil {
		if l, err := b.Label(); err == nil {
			a.version.ETag, a.checked = l.ETag, l.Checked
		}
		a.version.ModTime = b.ModTime
		b.Close()
	}
	p.ages.Put(name, a)
	return a
}

// label notes that an original is of that version now, beside it and in memory.
func (p *Pipeline) label(name variant.Name, b *cache.Blob, version storage.Version) {
	now := p.Now()
	// Where nothing can be noted beside it, it is asked for again after a restart.
	_ = b.SetLabel(cache.Label{ETag: version.ETag, Checked: now})
	p.ages.Put(name, age{version: version, checked: now, asked: now})
}

// checkSoon asks in the background, if there is a place.
func (p *Pipeline) checkSoon(ctx context.Context, name variant.Name, key variant.Key, a age) {
	select {
	case p.checks <- struct{}{}:
	default:
		return
	}
	asking := a
	asking.asked = p.Now()
	p.ages.Put(name, asking)
	go func() {
		defer func() { <-p.checks }()
		// It fails for nobody: what came of it is in ages.
		_, _ = p.check(context.WithoutCancel(ctx), name, key, a)
	}()
}

// checkNow waits for the answer, but not for ever: then it is a matter of the
// background.
func (p *Pipeline) checkNow(ctx context.Context, name variant.Name, key variant.Key, a age) Verdict {
	answer := make(chan Verdict, 1)
	go func() {
		verdict, err := p.check(context.WithoutCancel(ctx), name, key, a)
		if err != nil {
			verdict = Failed
		}
		answer <- verdict
	}()
	enough := time.NewTimer(patience)
	defer enough.Stop()
	select {
	case verdict := <-answer:
		return verdict
	case <-enough.C:
	case <-ctx.Done():
	}
	return Failed
}

// check asks the origin once for all who want to know. The error is ctx's.
func (p *Pipeline) check(ctx context.Context, name variant.Name, key variant.Key, a age) (Verdict, error) {
	since := p.Now()
	verdict, _, err := p.checking.Do(ctx, p.flightKey(name, key), func(ctx context.Context) (Verdict, error) {
		if verdict, done := p.checkedSince(name, a, since); done { // while we were on our way here
			return verdict, nil
		}
		verdict := p.compare(ctx, name, key, a)
		if verdict == Failed {
			now := p.Now()
			p.ages.Put(name, age{version: a.version, checked: a.checked, asked: now, failed: now})
		}
		p.Observer.Revalidated(verdict)
		return verdict, nil
	})
	return verdict, err
}

// checkedSince returns what others have been told of an original since a was read.
func (p *Pipeline) checkedSince(name variant.Name, a age, since time.Time) (verdict Verdict, done bool) {
	now, ok := p.ages.Get(name)
	switch {
	case !ok:
		return Fresh, false
	case now.checked.After(a.checked) && now.version.Is(a.version):
		return Same, true
	case now.checked.After(a.checked):
		return Changed, true
	case !now.failed.IsZero() && !now.failed.Before(since):
		return Failed, true
	}
	return Fresh, false
}

// compare asks the origin for the original unless it is the one that we have.
func (p *Pipeline) compare(ctx context.Context, name variant.Name, key variant.Key, a age) Verdict {
	old, err := p.Originals.Open(name)
	if err == nil {
		defer old.Close()
	} else {
		old = nil
	}
	b, err := p.ask(ctx, name, key, a.version, toDisk)
	switch {
	case errors.Is(err, storage.ErrNotModified):
		if old == nil {
			old = cache.InMemory(nil, time.Time{})
		}
		p.label(name, old, a.version)
		return Same
	case errors.Is(err, storage.ErrNotFound) && !errors.Is(err, storage.ErrUnavailable):
		p.Log.Info("an original is not there any more", "key", key)
		if _, err := p.ForgetRemoved(key); err != nil {
			p.Log.Error("cannot forget a picture that is not there any more", "key", key, "cause", err)
		}
		return Gone
	case err != nil:
		p.Log.Warn("cannot ask whether an original has changed: the old one is served", "key", key, "cause", err)
		return Failed
	}
	defer b.Close()
	if old != nil && equal(old, b) {
		return Same
	}
	p.replaced(name, key, b)
	return Changed
}

// replaced forgets what was made of the version before b.
func (p *Pipeline) replaced(name variant.Name, key variant.Key, b *cache.Blob) {
	p.Log.Info("an original has changed", "key", key)
	if b.NotKept != nil || b.Size == 0 {
		p.forget(p.Originals, name)
	}
	if _, err := p.forgetMade(key); err != nil {
		p.Log.Error("cannot forget what was made of an original that has changed", "key", key, "cause", err)
	}
}

// equal reports that two bodies are the same bytes: an origin may have another
// date for what it had before.
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
