package shared

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/variant"
)

const (
	// quietFor is how long the bucket is not asked for a picture that was forgotten: until then
	// all servers have heard of it, and its entries were removed.
	quietFor = time.Minute
	// maxRemovers is how many pictures may be waiting to be removed again. Beyond that it is
	// logged that they are not.
	maxRemovers = 256
	// removeTimeout bounds one attempt to remove a picture.
	removeTimeout = 20 * time.Second
	// firstRetry doubles with every attempt, up to lastRetry.
	firstRetry = time.Second
	lastRetry  = 5 * time.Minute
)

// Forgotten says that a picture was forgotten, an age ago, and ends its epoch: the bucket is not
// asked for it for a minute. Who has forgotten it removes its entries, by Remove. They are
// removed here once more, later, if this server may have written one since then, or within the
// minute before.
func (s *Store) Forgotten(source variant.Name, age time.Duration) {
	if s == nil {
		return
	}
	now := s.Now()
	s.forgotten.set(source, now) // before the new epoch, in which it must not be asked for
	s.Epochs.Advance(source)     // before the last write is looked up: see put
	if now.Sub(s.written.at(source)) < age+quietFor {
		s.removeLater(source)
	}
}

func (s *Store) isForgotten(name variant.Name) bool {
	return s.Now().Sub(s.forgotten.at(name)).Abs() < quietFor
}

// Remove removes all entries of a source. It may be repeated. The error is that of the bucket.
func (s *Store) Remove(ctx context.Context, source variant.Name) error {
	if s == nil {
		return nil
	}
	err := cache.CheckName(source)
	if err == nil {
		err = s.remove(ctx, source)
	}
	s.Observer.SharedRemoved(err)
	return err
}

func (s *Store) remove(ctx context.Context, source variant.Name) error {
	for key, err := range s.Bucket.List(ctx, string(source)) {
		if err != nil {
			return err
		}
		if own, _, _ := strings.Cut(key, "-"); own != string(source) {
			continue
		}
		if err := s.Bucket.Delete(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// removeLater removes the entries of the picture of a name in the background, and tries again
// until it has succeeded, for some ten minutes.
func (s *Store) removeLater(name variant.Name) {
	source, _, _ := strings.Cut(string(name), "-")
	if !s.removers.TryAcquire(1) {
		s.Log.Error("old derivatives may remain in the shared tier: too many are to be removed", "name", source)
		return
	}
	go func() {
		defer s.removers.Release(1)
		err := panics.Try("shared", func() error { return s.removeWithRetries(variant.Name(source)) })
		if err != nil {
			s.Log.Error("old derivatives may remain in the shared tier", "name", source, "cause", err)
		}
	}()
}

func (s *Store) removeWithRetries(source variant.Name) (err error) {
	for wait := firstRetry; wait <= lastRetry; wait *= 2 {
		ctx, cancel := context.WithTimeout(context.Background(), removeTimeout)
		err = s.Remove(ctx, source)
		cancel()
		if err == nil {
			return nil
		}
		time.Sleep(wait)
	}
	return err
}

// timeDigits is how many digits of a name choose its time; see cache.Epochs.
const timeDigits = 4

// times remember when something last happened to pictures. Several pictures share a time, so
// that memory is bounded and nothing is forgotten: a time may be too late, and never too early.
type times struct {
	since time.Time                           // what is earlier is not known
	last  [1 << (4 * timeDigits)]atomic.Int64 // nanoseconds, 0 for never
}

func (t *times) set(name variant.Name, at time.Time) { t.of(name).Store(at.UnixNano()) }

// at returns when it last happened; since, if that is not known.
func (t *times) at(name variant.Name) time.Time {
	if at := t.of(name).Load(); at != 0 {
		return time.Unix(0, at)
	}
	return t.since
}

func (t *times) of(name variant.Name) *atomic.Int64 {
	i, _ := strconv.ParseUint(string(name[:timeDigits]), 16, 4*timeDigits) // a name has no other characters there
	return &t.last[i]
}
