package originals

import (
	"errors"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/internal/failpoint"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/variant"
)

// ErrQuarantined means that a process died while it worked on this original, which may
// have caused that. Nothing is made from it for a while.
var ErrQuarantined = failure.New(failure.Quarantined, "a process died while it worked on this picture")

// Quarantine remembers which originals a process was working on when it died, so that
// the next process does not crash on them, too.
type Quarantine interface {
	// Begin notes that work begins on an original of that size in bytes and modification
	// time, or on its mezzanine; end, that it is over. ok is false, and nothing noted,
	// if this version of it is to be left alone for now.
	Begin(original variant.Name, size int64, modTime time.Time) (end func(), ok bool)
	// Forget lets a picture be worked on, in all its versions.
	Forget(source variant.Name) error
}

// begin tells the quarantine that work on an original, or on its mezzanine, begins. The
// caller calls end when it is over.
func (s *Store) begin(ref Ref) (end func(), err error) {
	if s.Quarantine == nil {
		return func() {}, nil
	}
	end, ok := s.Quarantine.Begin(ref.ID.Name(), ref.Size, ref.ModTime)
	if !ok {
		return nil, ErrQuarantined
	}
	failpoint.Reach("picture begun")
	return end, nil
}

// Source makes a render.Source of read, which reads an original or its mezzanine. The
// quarantine knows of the work on it until it is over.
func (s *Store) Source(ref Ref, read func() ([]byte, error)) func() (src []byte, done func(), err error) {
	return func() (src []byte, done func(), err error) {
		end, err := s.begin(ref)
		if err != nil {
			return nil, nil, err
		}
		working := false
		defer func() { // also after a panic
			if !working {
				end()
			}
		}()
		if src, err = read(); err != nil {
			if errors.Is(err, cache.ErrUnreadable) {
				s.Reporter.ReadFailed(err)
			}
			return nil, nil, err
		}
		working = true
		return src, end, nil
	}
}
