package cache

import (
	"strconv"
	"sync/atomic"

	"github.com/thumbery/thumbery/variant"
)

// pictureDigits is how many digits of a name choose its place in a PerPicture. A name begins
// with a hash in hexadecimal. If a hundred pictures are forgotten every second, a picture shares
// its place with one of them about every ten minutes.
const pictureDigits = 4

// PerPicture has a T for each picture, in bounded memory: several pictures share one.
type PerPicture[T any] [1 << (4 * pictureDigits)]T

// Of returns the T of the picture that a name belongs to.
func (p *PerPicture[T]) Of(name variant.Name) *T {
	i, _ := strconv.ParseUint(string(name[:pictureDigits]), 16, 4*pictureDigits) // a name has no other characters there
	return &p[i]
}

// Epochs count how often pictures were forgotten. Work reads the epoch before it opens its
// source, and stores the result only if the epoch is still the same: otherwise the source may
// have been forgotten meanwhile. If another picture of the same counter was, the work is done
// again for nothing. The zero value is ready. Its methods may be called by several goroutines.
type Epochs struct{ counters PerPicture[atomic.Uint64] }

// At returns the epoch of the picture that a name belongs to.
func (e *Epochs) At(name variant.Name) uint64 { return e.counters.Of(name).Load() }

// Advance ends the epoch of the picture that a name belongs to.
func (e *Epochs) Advance(name variant.Name) { e.counters.Of(name).Add(1) }

// EpochMap is a cache in memory of facts about names, bounded in bytes. A value is only valid in
// the epoch in which it was found out, so that forgetting a picture does not have to search
// the map.
type EpochMap[V any] struct {
	entries *Memory[variant.Name, epochEntry[V]]
	epochs  *Epochs
}

type epochEntry[V any] struct {
	value V
	epoch uint64
}

// NewEpochMap returns an EpochMap of at most maxBytes. size returns the memory that a value
// takes, in bytes.
func NewEpochMap[V any](maxBytes int64, size func(V) int, e *Epochs) EpochMap[V] {
	entries := NewMemory[variant.Name](maxBytes, func(e epochEntry[V]) int { return size(e.value) })
	return EpochMap[V]{entries, e}
}

// Get returns the value of a name if its epoch has not ended.
func (m EpochMap[V]) Get(name variant.Name) (v V, ok bool) {
	e, ok := m.entries.Get(name)
	return m.valid(name, e, ok)
}

// Peek is Get, and records no use.
func (m EpochMap[V]) Peek(name variant.Name) (v V, ok bool) {
	e, ok := m.entries.Peek(name)
	return m.valid(name, e, ok)
}

func (m EpochMap[V]) valid(name variant.Name, e epochEntry[V], ok bool) (v V, valid bool) {
	if !ok || e.epoch != m.epochs.At(name) {
		return v, false
	}
	return e.value, true
}

// Put stores a value that was found out in an epoch. If that has ended, Get does not return
// the value.
func (m EpochMap[V]) Put(name variant.Name, epoch uint64, v V) {
	m.entries.Put(name, epochEntry[V]{v, epoch})
}

// Forget removes the value of a name.
func (m EpochMap[V]) Forget(name variant.Name) { m.entries.Forget(name) }

// Len returns the approximate number of values, including those of past epochs.
func (m EpochMap[V]) Len() int {
	n, _ := m.entries.Stats()
	return n
}
