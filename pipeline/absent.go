package pipeline

import (
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// absentBytes bounds what is remembered not to be there, for some 30,000 names.
const absentBytes = 8 << 20

// isAbsent returns storage.ErrNotFound for an original of which every place said
// a short while ago that it is not there, and nil otherwise.
func (p *Pipeline) isAbsent(name variant.Name, key variant.Key) error {
	at, ok := p.absent.get(name)
	if age := p.Now().Sub(at); ok && age >= 0 && age < p.RememberAbsent {
		return storage.NotFound("as was said "+age.String()+" ago", string(key))
	}
	return nil
}

// rememberAbsent takes note of an answer to what was asked in an epoch. If the
// picture was forgotten since, that counts for nothing: it may have been uploaded.
func (p *Pipeline) rememberAbsent(name variant.Name, epoch uint64, err error) {
	if p.RememberAbsent > 0 && failure.Of(err) == failure.NotFound {
		p.absent.put(name, epoch, p.Now())
	}
}
