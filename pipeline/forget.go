package pipeline

import (
	"errors"
	"strconv"

	"github.com/thumbery/thumbery/variant"
)

// Forgotten counts what was removed of one picture.
type Forgotten struct {
	Originals   int `json:"originals"`   // files
	Mezzanines  int `json:"mezzanines"`  // files
	Derivatives int `json:"derivatives"` // files
	Memory      int `json:"memory"`      // entries of the memory tier
	// Bytes of the files.
	OriginalBytes   int64 `json:"original_bytes"`
	MezzanineBytes  int64 `json:"mezzanine_bytes"`
	DerivativeBytes int64 `json:"derivative_bytes"`
}

// Forget removes a picture from the cache: its originals and all that was made from
// them, on disk and in memory, and what is remembered of them. Work that is
// running is answered, and not kept. The error says what could not be removed; everything
// else was removed.
func (p *Pipeline) Forget(key variant.Key) (Forgotten, error) {
	files, bytes, err := p.Originals.Forget(key)
	f, madeErr := p.invalidate(key)
	f.Originals, f.OriginalBytes = files, bytes
	return f, errors.Join(err, madeErr)
}

// invalidate removes everything that was made from the originals of a key: mezzanines
// before the derivatives that may be made from them. Each store ends the epoch before it
// removes, so that work which opened a removed file keeps nothing.
func (p *Pipeline) invalidate(key variant.Key) (f Forgotten, err error) {
	var mezzanines error
	f.Mezzanines, f.MezzanineBytes, mezzanines = p.Mezzanines.Forget(key)
	f.Derivatives, f.DerivativeBytes, f.Memory, err = p.Derivatives.Forget(key)
	return f, errors.Join(err, mezzanines)
}

// Epoch returns the epoch of the picture that a name in the cache belongs to. Work that
// notes it before it opens anything can tell, when it is done, whether the picture was
// forgotten since.
func (p *Pipeline) Epoch(name variant.Name) uint64 { return p.epochs.At(name) }

// flightKey is the key of the Flight that makes a derivative. A request that comes after
// its picture was forgotten does not join work that was begun before, and no request
// joins background work, which has low priority.
func (p *Pipeline) flightKey(r Request) string {
	key := string(r.name) + "@" + strconv.FormatUint(p.epochs.At(r.name), 36)
	if r.Background {
		key += " background"
	}
	return key
}
