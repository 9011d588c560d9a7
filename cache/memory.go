package cache

import (
	"iter"
	"math"

	"github.com/maypok86/otter/v2"
)

// memoryOverhead is what an entry costs beside its value, in bytes: the node with its
// links, the slot in the table, the name (57 bytes for a derivative) and its count in
// the frequency sketch, rounded up.
const memoryOverhead = 256

// memoryShare bounds one entry to this fraction of the whole. A larger one would evict
// too many others to be worth it.
const memoryShare = 8

// Memory is a cache in memory, bounded in bytes. It evicts by frequency and recency of
// use (W-TinyLFU), so that a crawl through everything does not evict what is hot. Its
// methods may be called by several goroutines, and on a nil Memory, which always misses.
type Memory[K ~string, V any] struct {
	items   items
	size    func(V) int
	largest int64 // the heaviest entry that is admitted, in bytes
}

// items are the methods of otter.Cache that Memory needs. Through an interface, the library's
// generic code is compiled once, in this package, and not again in each package with a Memory
// (34,000 functions, 9 seconds).
type items interface {
	GetIfPresent(name string) (any, bool)
	GetEntryQuietly(name string) (otter.Entry[string, any], bool)
	Set(name string, v any) (any, bool)
	Invalidate(name string) (any, bool)
	CleanUp()
	Keys() iter.Seq[string]
	EstimatedSize() int
	WeightedSize() uint64
}

func newItems(maxBytes int64, weight func(any) int64) items {
	return otter.Must(&otter.Options[string, any]{
		MaximumWeight: uint64(maxBytes),
		Weigher:       func(_ string, v any) uint32 { return uint32(weight(v)) }, // at most largest
		// Evict during Put instead of later in another goroutine.
		Executor: func(evict func()) { evict() },
	})
}

// NewMemory returns a Memory of at most maxBytes. An entry counts what size says (in
// bytes: all the memory that the value holds) plus a fixed overhead. Put calls size,
// which must not call the Memory. With maxBytes of zero or less nothing is kept.
func NewMemory[K ~string, V any](maxBytes int64, size func(V) int) *Memory[K, V] {
	if maxBytes <= 0 {
		return nil
	}
	m := &Memory[K, V]{
		size: size,
		// The library counts an entry in 32 bits.
		largest: min(maxBytes/memoryShare, math.MaxUint32),
	}
	m.items = newItems(maxBytes, func(v any) int64 { return m.weight(v.(V)) })
	return m
}

// weight returns what an entry counts, in bytes. A value of more than 32 bits is never
// admitted, so its exact size does not matter.
func (m *Memory[K, V]) weight(v V) int64 {
	return min(int64(max(m.size(v), 0)), math.MaxUint32) + memoryOverhead
}

// Get returns the entry of a name and records the use.
func (m *Memory[K, V]) Get(name K) (v V, ok bool) {
	if m == nil {
		return v, false
	}
	item, ok := m.items.GetIfPresent(string(name))
	if !ok {
		return v, false
	}
	return item.(V), true
}

// Peek returns the entry of a name and records nothing.
func (m *Memory[K, V]) Peek(name K) (v V, ok bool) {
	if m == nil {
		return v, false
	}
	e, ok := m.items.GetEntryQuietly(string(name))
	if !ok {
		return v, false
	}
	return e.Value.(V), true
}

// Takes reports whether Put would admit a value of that many bytes.
func (m *Memory[K, V]) Takes(bytes int64) bool {
	return m != nil && min(bytes, math.MaxUint32)+memoryOverhead <= m.largest
}

// Put stores v, which must not change afterwards, and replaces an older entry. The entry
// may be evicted at once. One that counts more than an eighth of the limit is not
// admitted, and the older entry is removed. When Put returns, the limit holds, except for
// Puts that are still running.
func (m *Memory[K, V]) Put(name K, v V) {
	if m == nil {
		return
	}
	if m.weight(v) > m.largest {
		m.items.Invalidate(string(name))
		return
	}
	m.items.Set(string(name), v)
	// A Set that runs while another one evicts leaves its own eviction to a later
	// call, which may never come.
	m.items.CleanUp()
}

// Forget removes the entry of a name, if there is one.
func (m *Memory[K, V]) Forget(name K) {
	if m != nil {
		m.items.Invalidate(string(name))
	}
}

// ForgetAll removes the entries whose names match, and returns how many. It visits every
// entry.
func (m *Memory[K, V]) ForgetAll(match func(K) bool) (n int) {
	if m == nil {
		return 0
	}
	for name := range m.items.Keys() {
		if match(K(name)) {
			if _, present := m.items.Invalidate(name); present {
				n++
			}
		}
	}
	return n
}

// Stats returns the number of entries and what they count in bytes, overhead included.
func (m *Memory[K, V]) Stats() (entries int, bytes int64) {
	if m == nil {
		return 0, 0
	}
	return m.items.EstimatedSize(), int64(m.items.WeightedSize())
}
