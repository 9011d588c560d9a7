package cache

import (
	"sync/atomic"

	"github.com/thumbery/thumbery/variant"
)

// epochDigits is how many digits of a name, which begins with a hash in hexadecimal,
// choose its counter: a hundred pictures forgotten every second then touch any other
// one about every ten minutes.
const epochDigits = 4

// Epochs count how often pictures were forgotten, several pictures to a counter. Work
// notes the epoch before it opens what it is made from, and keeps its result only if
// the epoch is still the same: else the result may be of what was forgotten. Where that
// was another picture's, the work is done again for nothing. The zero value is ready;
// its methods may be called by several goroutines.
type Epochs [1 << (4 * epochDigits)]atomic.Uint64

// At returns the epoch of the picture that a name belongs to.
func (e *Epochs) At(name variant.Name) uint64 { return e.of(name).Load() }

// Advance ends the epoch of the picture that a name belongs to.
func (e *Epochs) Advance(name variant.Name) { e.of(name).Add(1) }

func (e *Epochs) of(name variant.Name) *atomic.Uint64 {
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

// EpochMap remembers something about names, bounded in bytes. A value counts only in
// the epoch in which it was found out, so that forgetting a picture needs no walk
// through the map.
type EpochMap[V any] struct {
	entries *Memory[variant.Name, epochEntry[V]]
	epochs  *Epochs
}

type epochEntry[V any] struct {
	value V
	epoch uint64
}

// NewEpochMap returns an EpochMap of at most maxBytes. size is how much memory a value
// takes, in bytes.
func NewEpochMap[V any](maxBytes int64, size func(V) int, e *Epochs) EpochMap[V] {
	entries := NewMemory[variant.Name](maxBytes, func(e epochEntry[V]) int { return size(e.value) })
	return EpochMap[V]{entries, e}
}

// Get returns the value of a name if its epoch has not ended.
func (m EpochMap[V]) Get(name variant.Name) (v V, ok bool) {
	e, ok := m.entries.Get(name)
	if !ok || e.epoch != m.epochs.At(name) {
		return v, false
	}
	return e.value, true
}

// Put remembers what was found out in an epoch. If that has ended, Get will not
// return it.
func (m EpochMap[V]) Put(name variant.Name, epoch uint64, v V) {
	m.entries.Put(name, epochEntry[V]{v, epoch})
}

// Forget removes the value of a name.
func (m EpochMap[V]) Forget(name variant.Name) { m.entries.Forget(name) }

// Len returns about how many values there are, including those of past epochs.
func (m EpochMap[V]) Len() int {
	n, _ := m.entries.Stats()
	return n
}
