package pipeline

import (
	"errors"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/thumbery/thumbery/variant"
)

// Forgotten is what was removed of one picture.
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

// Forget removes a picture from the cache: the original, every variant of it,
// what is in memory, that it was not there, and that a process may have died of it. What is being made of it at the
// moment is answered, and not kept. The error says what could not be removed; all
// else has gone.
func (p *Pipeline) Forget(key variant.Key) (Forgotten, error) {
	p.epochs.next(key)
	originals, bytes, err := p.Originals.RemoveSource(key.Name())
	f, madeErr := p.forgetMade(key)
	f.Originals, f.OriginalBytes = originals, bytes
	return f, errors.Join(err, madeErr, p.release(key))
}

// epochsOfForget is how many epochs Forget begins.
const epochsOfForget = 3

// forgetMade removes all that was made of any original of a picture, and what is
// remembered of these. What something is made of goes first, and an epoch ends when
// it has gone: who opened it before keeps nothing.
func (p *Pipeline) forgetMade(key variant.Key) (f Forgotten, err error) {
	p.epochs.next(key)
	var mezzanines error
	f.Mezzanines, f.MezzanineBytes, mezzanines = p.Mezzanines.RemoveSource(key.Name())
	p.epochs.next(key)
	f.Derivatives, f.DerivativeBytes, err = p.Derivatives.RemoveSource(key.Name())
	f.Memory = p.memory.ForgetAll(madeOf(key))
	return f, errors.Join(err, mezzanines)
}

// Absent returns of how many originals it is remembered that they are not there.
func (p *Pipeline) Absent() int { return p.absent.len() }

func madeOf(key variant.Key) func(variant.Name) bool {
	source := string(key.Name())
	return func(n variant.Name) bool { return strings.HasPrefix(string(n), source) }
}

// drop removes one derivative from disk and memory.
func (p *Pipeline) drop(name variant.Name) {
	p.forget(p.Derivatives, name)
	p.memory.Forget(name)
}

// epochs count how often pictures were forgotten, several pictures to a
// counter. What was begun before a picture was forgotten, and is done after,
// must not be kept; another picture's being forgotten in between costs making
// this one again.
type epochs [1 << (4 * epochDigits)]atomic.Uint64

// epochDigits of a name, which is a hash in hexadecimal, choose its counter: a
// hundred pictures forgotten every second then touch any other one about every ten
// minutes.
const epochDigits = 4

func (e *epochs) of(key variant.Key) *atomic.Uint64 { return e.at(key.Name()) }

// at is of, by any name that belongs to a picture.
func (e *epochs) at(name variant.Name) *atomic.Uint64 {
	i := 0
	for _, c := range []byte(name[:epochDigits]) {
		i = i<<4 | digit(c)
	}
	return &e[i]
}

func digit(c byte) int {
	if c >= 'a' {
		return int(c-'a') + 10
	}
	return int(c - '0')
}

func (e *epochs) next(key variant.Key) { e.of(key).Add(1) }

// flightKey keeps who asks after a picture was forgotten from joining work that
// was begun before.
func (p *Pipeline) flightKey(name variant.Name, key variant.Key) string {
	return string(name) + "@" + strconv.FormatUint(p.epoch(key), 36)
}

func (p *Pipeline) epoch(key variant.Key) uint64 { return p.epochs.of(key).Load() }

func (p *Pipeline) forgottenSince(key variant.Key, epoch uint64) bool { return p.epoch(key) != epoch }
