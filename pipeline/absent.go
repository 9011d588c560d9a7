package pipeline

import (
	"errors"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// absentBytes bounds what is remembered not to be there, for some 30,000 names.
const absentBytes = 8 << 20

// isAbsent returns storage.ErrNotFound for an original of which every place said
// a short while ago that it is not there, and nil otherwise.
func (p *Pipeline) isAbsent(name variant.Name, key variant.Key) error {
	at, ok := p.absent.Get(name)
	if age := p.Now().Sub(at); ok && age >= 0 && age < p.RememberAbsent {
		return storage.NotFound("as was said "+age.String()+" ago", string(key))
	}
	return nil
}

// rememberAbsent takes note of an answer, unless the picture was forgotten while
// we waited for it: it may have been uploaded.
func (p *Pipeline) rememberAbsent(name variant.Name, key variant.Key, epoch uint64, err error) {
	saidNo := errors.Is(err, storage.ErrNotFound) && !errors.Is(err, storage.ErrUnavailable)
	if saidNo && p.RememberAbsent > 0 && !p.forgottenSince(key, epoch) {
		p.absent.Put(name, p.Now())
	}
}
