package pipeline

import (
	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/variant"
)

// remembered is what is known of originals, bounded. Whenever a picture is
// forgotten all of that is, too, without a walk through everything: along with
// what is known of the few others that share its epoch.
type remembered[V any] struct {
	items  *cache.Memory[variant.Name, stamped[V]]
	epochs *epochs
}

// stamped is a value that counts for one epoch.
type stamped[V any] struct {
	value V
	epoch uint64
}

func newRemembered[V any](maxBytes int64, size func(V) int, e *epochs) remembered[V] {
	return remembered[V]{cache.NewMemory[variant.Name](maxBytes, func(s stamped[V]) int { return size(s.value) }), e}
}

// get returns what was put in the epoch that it is now.
func (r remembered[V]) get(name variant.Name) (v V, ok bool) {
	s, ok := r.items.Get(name)
	if !ok || s.epoch != r.epochs.at(name).Load() {
		return v, false
	}
	return s.value, true
}

// put remembers what was found out in an epoch; if that is over, it counts for
// nothing.
func (r remembered[V]) put(name variant.Name, epoch uint64, v V) {
	r.items.Put(name, stamped[V]{v, epoch})
}

func (r remembered[V]) forget(name variant.Name) { r.items.Forget(name) }

// len returns about how many there are, with those that count for nothing.
func (r remembered[V]) len() int {
	n, _ := r.items.Stats()
	return n
}
