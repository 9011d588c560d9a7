package originals

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

const (
	// backgroundChecks is how many originals are revalidated in the background at once.
	// Beyond that, an original is revalidated when it is used after retryAfter.
	backgroundChecks = 8
	// retryAfter is the pause before an origin that did not answer is asked again.
	retryAfter = 30 * time.Second
	// revalidateTimeout is how long a request waits for the origin's answer.
	revalidateTimeout = 3 * time.Second
)

// CheckFreshness says whether something in the cache with modTime, the original of that
// ID or made from it, may still be used. Up to Config.Revalidate it is Fresh; after that it is
// used and revalidated in the background; after RevalidateSync the first request waits
// for the answer. Nobody waits if the age is not known, as from before revalidation was
// switched on, or if the origin has failed to answer the last time. What was made from
// an older original than the one in the cache is Modified.
func (s *Store) CheckFreshness(ctx context.Context, id ID, modTime time.Time) Freshness {
	if s.Revalidate == 0 {
		return Fresh
	}
	r, same := s.recordOf(id, modTime)
	f, next := s.decide(id, r, same)
	switch next {
	case beforeAnswer:
		return s.revalidateNow(ctx, id, r)
	case inBackground:
		s.revalidateLater(ctx, id, r)
	}
	return f
}

// revalidation says when the origin is to be asked for a version.
type revalidation uint8

const (
	none revalidation = iota
	inBackground
	beforeAnswer // the client waits
)

// decide says how fresh something of that record is, unless the origin is to be asked now,
// and whether it is to be asked. same is that of recordOf.
func (s *Store) decide(id ID, r record, same bool) (Freshness, revalidation) {
	now := s.Now()
	age, waited := now.Sub(r.checked), now.Sub(r.lastRequest)
	failed := !r.failed.IsZero()
	f := Revalidating
	if failed {
		f = Error
	}
	switch {
	case same && age >= 0 && age < s.Revalidate:
		return Fresh, none
	case s.ReadOnly() || s.IsDown(id.Key):
		return Error, none
	case !same:
		return Modified, none
	case waited >= 0 && waited < retryAfter: // the origin is being asked, or was just now
		return f, none
	case s.RevalidateSync > 0 && age >= s.RevalidateSync && !r.checked.IsZero() && !failed:
		return f, beforeAnswer
	}
	return f, inBackground
}

// revalidateLater revalidates in the background, unless backgroundChecks are running.
func (s *Store) revalidateLater(ctx context.Context, id ID, r record) {
	name := id.Name()
	s.markRequested(name, r, false)
	s.checks.Go(ctx, string(name), func(ctx context.Context) { s.revalidateOnce(ctx, id, r) })
}

// revalidateNow waits for the answer up to revalidateTimeout, and then leaves the work
// to the background. Other requests that come meanwhile do not wait. If the request ends
// first, the work ends with it.
func (s *Store) revalidateNow(ctx context.Context, id ID, r record) Freshness {
	name := id.Name()
	s.markRequested(name, r, false)
	answer := make(chan Freshness, 1)
	work, leave := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer leave()
		answer <- s.revalidateOnce(work, id, r)
	}()
	timeout := time.NewTimer(revalidateTimeout)
	defer timeout.Stop()
	select {
	case f := <-answer:
		return f
	case <-timeout.C:
		s.markRequested(name, r, true)
	case <-ctx.Done():
		leave()
	}
	return Error
}

// revalidateOnce asks the origin once for all who want to know at the same time.
func (s *Store) revalidateOnce(ctx context.Context, id ID, r record) Freshness {
	f, _, err := s.checking.Do(ctx, s.flightKey(id), func(ctx context.Context) (Freshness, error) {
		f := s.revalidate(ctx, id, r)
		if ctx.Err() == nil {
			s.Observer.Revalidated(f)
		}
		return f, nil
	})
	if err != nil {
		if ctx.Err() == nil { // a panic
			s.Log.ErrorContext(ctx, "revalidation failed", "key", id.Key, "cause", err)
		}
		return Error
	}
	return f
}

// revalidate sends the origin a conditional request (If-None-Match, or If-Modified-Since;
// storage/s3/s3.go) for the original, with the version in the cache.
// A new version is not kept if the picture was forgotten meanwhile: it may be older than
// the one that we were told of.
func (s *Store) revalidate(ctx context.Context, id ID, r record) Freshness {
	name, epoch := id.Name(), s.epoch(id)
	old, err := s.Cache.Peek(name)
	if err != nil {
		old = cache.InMemory(nil, time.Time{}) // only what was made from it is here
	}
	defer old.Close()
	b, version, err := s.fetchFromOrigin(ctx, id, r.version, ToDisk)
	switch {
	case errors.Is(err, storage.ErrNotModified):
		s.confirm(id, epoch, old, r.version, r.before)
		return NotModified
	case failure.Of(err) == failure.NotFound:
		return s.gone(id, epoch)
	case errors.Is(err, gate.ErrBusy): // the origin was not asked
		return Revalidating
	case err != nil && ctx.Err() != nil: // the request has ended: the next one asks
		s.records.Put(name, r.epoch, r)
		return Error
	case err != nil:
		s.markRequested(name, r, true)
		s.Reporter.Warn("cannot revalidate an original: the cached one is served", "key", id.Key, "cause", err)
		return Error
	}
	defer b.Close()
	if s.epoch(id) != epoch {
		_ = s.Cache.Remove(name)
		return Modified
	}
	if old.Size > 0 && old.Size == b.Size && equal(old, b) { // an origin may have another date for what it had before
		s.confirm(id, epoch, b, version, old.ModTime)
		return NotModified
	}
	return s.replaced(id, r, b, version)
}

// replaced removes what was made from the version before b. If the disk does not take b
// and does not let go of the old version either, the old version is served.
func (s *Store) replaced(id ID, r record, b *cache.Blob, version storage.Version) Freshness {
	s.Log.Info("an original has changed", "key", id.Key)
	name := id.Name()
	if b.NotKept != nil || b.Size == 0 { // the old version may still be there
		if err := s.Cache.Remove(name); err != nil {
			s.markRequested(name, r, true)
			return Error
		}
	}
	s.invalidate(id.Key)
	s.confirm(id, s.epoch(id), b, version, time.Time{})
	return Modified
}

// gone removes a picture whose original does not exist any more. One that was forgotten
// since the origin was asked may have been uploaded.
func (s *Store) gone(id ID, epoch uint64) Freshness {
	if s.epoch(id) != epoch {
		return Modified
	}
	s.Log.Info("an original no longer exists", "key", id.Key)
	if _, _, err := s.remove(id.Key); err != nil {
		s.Reporter.Warn("cannot remove an original that no longer exists", "key", id.Key, "cause", err)
	}
	s.invalidate(id.Key)
	return Gone
}

// remove removes the originals of a key.
func (s *Store) remove(key variant.Key) (files int, bytes int64, err error) {
	name := key.Name()
	s.Epochs.Advance(name)
	return s.Cache.RemoveSource(name)
}

func (s *Store) invalidate(key variant.Key) {
	if err := s.Invalidate(key); err != nil {
		s.Reporter.Warn("cannot remove what was made from an original that has changed", "key", key, "cause", err)
	}
}

// equal reports that two bodies are the same bytes, as far as both can be read.
func equal(a, b *cache.Blob) bool {
	one, err := sum(a)
	other, otherErr := sum(b)
	return err == nil && otherErr == nil && one == other
}

func sum(b *cache.Blob) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	_, err = io.Copy(h, io.NewSectionReader(b.At(), 0, b.Size))
	return [sha256.Size]byte(h.Sum(nil)), err
}
