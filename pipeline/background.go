package pipeline

import (
	"errors"
	"fmt"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/variant"
)

// ErrNotKept is the error of what was made for later, and could not be kept: the
// disk takes nothing, or the picture was forgotten meanwhile.
var ErrNotKept = failure.New(failure.Server, "not kept in the cache")

func notKept(cause error) error { return fmt.Errorf("%w: %v", ErrNotKept, cause) }

// errMoved means that an original is not there any more as it was seen.
var errMoved = failure.New(failure.Server, "the original has gone from the cache, or is another now")

// errForgotten means that a picture was forgotten while something was made of it.
var errForgotten = errors.New("its picture was forgotten meanwhile")

// seen is an original as it was found on disk, to be read again by somebody who has
// waited for his turn. It holds nothing open.
type seen struct {
	name    variant.Name
	size    int64
	modTime time.Time
}

func seenAs(name variant.Name, b *cache.Blob) seen { return seen{name, b.Size, b.ModTime} }

// reader is a reading of it. The error is errMoved where it is not the same.
func (p *Pipeline) reader(s seen) reading {
	return func() ([]byte, error) {
		b, err := p.peek(s)
		if err != nil {
			return nil, err
		}
		defer b.Close()
		return b.Bytes()
	}
}

// peek opens it again. The error is errMoved where it is not the same.
func (p *Pipeline) peek(s seen) (*cache.Blob, error) {
	b, err := p.Originals.Peek(s.name)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", errMoved, err)
	}
	if b.Size != s.size || !b.ModTime.Equal(s.modTime) {
		b.Close()
		return nil, errMoved
	}
	return b, nil
}

// twice does something again where what it was to be made of was purged or replaced
// while it let others go first.
func twice(do func() error) error {
	err := do()
	if errors.Is(err, errMoved) || errors.Is(err, cache.ErrUnreadable) {
		err = do()
	}
	return err
}

// rereadMezzanine is a reading of a mezzanine that was open before.
func (p *Pipeline) rereadMezzanine(old *mezzanine) ([]byte, error) {
	z := p.openMezzanine(old.name)
	if z == nil {
		return nil, errMoved
	}
	defer z.blob.Close()
	if z.OriginalBytes != old.OriginalBytes || !z.blob.ModTime.Equal(old.blob.ModTime) || z.Header != old.Header {
		return nil, errMoved
	}
	return z.read()
}

// tell logs why something was not made in the background.
func (p *Pipeline) tell(message string, key variant.Key, err error) {
	p.Log.Info(message, "key", key, "cause", err)
}

const (
	// hopelessFor is how long nothing is made in the background that could not be
	// made: that may have taken the whole of Config.ResizeTimeout.
	hopelessFor = 10 * time.Minute
	// hopelessBytes bounds what is remembered of that, for some 4,000 names.
	hopelessBytes = 1 << 20
)

// hopeless reports that a mezzanine or derivative could not be made a while ago,
// and that its picture was not forgotten since.
func (p *Pipeline) hopeless(name variant.Name) bool {
	at, ok := p.failures.get(name)
	return ok && p.Now().Sub(at).Abs() < hopelessFor
}

// giveUp remembers what could not be made in an epoch.
func (p *Pipeline) giveUp(name variant.Name, epoch uint64, err error) {
	if err != nil && !failure.Of(err).IsTransient() {
		p.failures.put(name, epoch, p.Now())
	}
}
