package originals

import (
	"errors"
	"fmt"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

// ErrQuarantined means that two processes died while they worked on this original, or on
// its mezzanine. Nothing is made from it for a while.
var ErrQuarantined = failure.New(failure.Quarantined, "processes died while they worked on this picture")

const (
	// crashLimit is how many processes may die of a version of an original before it is
	// refused: one may have had another cause.
	crashLimit = 2
	// quarantineTime is how long it is refused, and how long a first crash counts.
	quarantineTime = 10 * time.Minute
	// crashBytes bounds what is remembered of crashes, of some 2,500 versions.
	crashBytes = 1 << 20
	crashSize  = 96
)

// crashes are those of processes that worked on one version of an original (resize.ErrDied).
// They are remembered in memory, as long as the picture is not forgotten. What took too much
// time or memory may do for another derivative, and does not count.
type crashes struct {
	n     int
	last  time.Time
	until time.Time // when it is not refused any more
}

// versionName names a version of an original: key, size and modification time, without
// the cache buster, since anybody can invent another one.
func versionName(ref Ref) variant.Name {
	return ref.ID.Key.Name() + variant.Name(fmt.Sprintf("-%x-%x", ref.Size, ref.ModTime.UnixNano()))
}

// countCrash counts a crash of work that began in an epoch, and reports whether the original
// is refused from now on. Those that come while it is refused, of work that had begun
// before, do not prolong that. When it is over, one more crash is enough.
func (s *Store) countCrash(ref Ref, epoch uint64) bool {
	s.counting.Lock()
	defer s.counting.Unlock()
	name, now := versionName(ref), s.Now()
	c, _ := s.crashes.Get(name)
	if c.n < crashLimit && now.Sub(c.last) > quarantineTime {
		c.n = 0
	}
	c.n, c.last = c.n+1, now
	if c.n >= crashLimit && !now.Before(c.until) {
		c.until = now.Add(quarantineTime)
	}
	s.crashes.Put(name, epoch, c)
	return c.n >= crashLimit
}

// Source makes a render.Source of open, which opens an original or its mezzanine. If it
// is in quarantine, the error is ErrQuarantined, which also takes the place of the crash that
// puts it there.
func (s *Store) Source(ref Ref, open Opener) func() (src resize.Source, done func(error) error, err error) {
	return func() (src resize.Source, done func(error) error, err error) {
		epoch := s.epoch(ref.ID)
		if c, _ := s.crashes.Get(versionName(ref)); s.Now().Before(c.until) {
			return src, nil, ErrQuarantined
		}
		src, close, err := open()
		if err != nil {
			s.noteUnreadable(err)
			return src, nil, err
		}
		return src, func(err error) error {
			close()
			s.noteUnreadable(err)
			if !errors.Is(err, resize.ErrDied) || s.epoch(ref.ID) != epoch || !s.countCrash(ref, epoch) {
				return err
			}
			s.Log.Warn("an original is refused for a while: processes died of it", "key", ref.ID.Key, "for", quarantineTime, "cause", err)
			return fmt.Errorf("%w: %v", ErrQuarantined, err)
		}, nil
	}
}

// noteUnreadable logs an error of reading the disk cache, if it is one.
func (s *Store) noteUnreadable(err error) {
	if errors.Is(err, cache.ErrUnreadable) {
		s.Reporter.ReadFailed(err)
	}
}
