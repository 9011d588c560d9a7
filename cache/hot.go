package cache

import (
	"math"

	"github.com/maypok86/otter/v2"
)

// hotOverhead is what an entry costs beside its value, in bytes: the node with
// its links, the slot in the table, the name (57 bytes for a derivative) and
// its count in the frequency sketch, rounded up.
const hotOverhead = 256

// hotShare is the part of the whole that one entry may take: a larger one would
// push out too many others to be worth it.
const hotShare = 8

// Hot keeps what is asked for most in memory, bounded in bytes. Which entries
// stay is decided by how often and how lately they were used, so that one crawl
// through everything does not push out what is hot. Its methods may be called
// by several goroutines, and on a nil Hot, which always misses.
type Hot[K ~string, V any] struct {
	items   *otter.Cache[K, V]
	size    func(V) int
	largest int64 // the heaviest entry that is admitted, in bytes
}

// NewHot returns a Hot of at most maxBytes, counting for each entry what size
// says (in bytes: all the memory that it holds) and a fixed overhead. size is
// called by Put and must not call the Hot. With maxBytes of zero or less the Hot
// keeps nothing.
func NewHot[K ~string, V any](maxBytes int64, size func(V) int) *Hot[K, V] {
	if maxBytes <= 0 {
		return nil
	}
	h := &Hot[K, V]{
		size: size,
		// The library counts an entry in 32 bits.
		largest: min(maxBytes/hotShare, math.MaxUint32),
	}
	h.items = otter.Must(&otter.Options[K, V]{
		MaximumWeight: uint64(maxBytes),
		Weigher:       func(_ K, v V) uint32 { return uint32(h.weight(v)) }, // at most largest
		// Evict where the entry is put, not some time later on a goroutine.
		Executor: func(evict func()) { evict() },
	})
	return h
}

// weight is what an entry counts, in bytes. What does not fit into 32 bits is
// never admitted, so that it need not be told apart.
func (h *Hot[K, V]) weight(v V) int64 {
	return min(int64(max(h.size(v), 0)), math.MaxUint32) + hotOverhead
}

// Get returns the entry of a name and notes its use.
func (h *Hot[K, V]) Get(name K) (v V, ok bool) {
	if h == nil {
		return v, false
	}
	return h.items.GetIfPresent(name)
}

// Takes reports whether Put would keep a value of so many bytes at all.
func (h *Hot[K, V]) Takes(bytes int64) bool {
	return h != nil && min(bytes, math.MaxUint32)+hotOverhead <= h.largest
}

// Put keeps v, which must not change afterwards, in place of what was there. It
// may be evicted at once. One that counts more than an eighth of the whole is
// not kept, and what was there is forgotten. When Put returns, the bound holds
// but for Puts that are still running.
func (h *Hot[K, V]) Put(name K, v V) {
	if h == nil {
		return
	}
	if h.weight(v) > h.largest {
		h.items.Invalidate(name)
		return
	}
	h.items.Set(name, v)
	// A Set that finds another one evicting leaves its own share of that to
	// whoever comes next, and nobody may.
	h.items.CleanUp()
}

// Forget drops the entry of a name, if there is one.
func (h *Hot[K, V]) Forget(name K) {
	if h != nil {
		h.items.Invalidate(name)
	}
}

// ForgetAll drops the entries of all names that which picks, and returns how many.
// It looks at every entry.
func (h *Hot[K, V]) ForgetAll(which func(K) bool) (n int) {
	if h == nil {
		return 0
	}
	for name := range h.items.Keys() {
		if which(name) {
			if _, present := h.items.Invalidate(name); present {
				n++
			}
		}
	}
	return n
}

// Stats returns the number of entries and what they count in bytes, overhead
// included.
func (h *Hot[K, V]) Stats() (entries int, bytes int64) {
	if h == nil {
		return 0, 0
	}
	return h.items.EstimatedSize(), int64(h.items.WeightedSize())
}
