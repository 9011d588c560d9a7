package api

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/variant"
)

// Hottest finds the derivatives that are requested most, while somebody asks for them by Top: it
// counts nothing before the first Top, nor from ten seconds after the last one. Its memory is
// bounded. The zero value is ready for use, by several goroutines at once.
type Hottest struct {
	asked atomic.Bool // whether to count

	mu     sync.Mutex
	last   time.Time // of Top
	counts map[wanted]*counter
}

// wanted is a derivative.
type wanted struct {
	key     variant.Key
	variant variant.Variant
}

// Hot is a derivative, and how often it was requested in the last 30 to 60 seconds.
type Hot struct {
	Path     string      `json:"path"` // canonical, not signed
	Key      variant.Key `json:"key"`
	Requests int64       `json:"requests"`
}

const (
	hottestHalf = 30 * time.Second
	hottestIdle = 10 * time.Second
	// maxWanted is how many derivatives are counted at once. What is hot comes early enough to
	// be among them.
	maxWanted = 4096
)

// add counts a request. If nobody asks, it costs next to nothing.
func (h *Hottest) add(q request, now time.Time) {
	if h == nil || !h.asked.Load() || q.parsedPath == nil || q.variant.Kind != variant.Picture {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.counts == nil || now.Sub(h.last) > hottestIdle { // nil if another request has just found that nobody asks
		h.asked.Store(false)
		h.counts = nil
		return
	}
	name := wanted{q.key, q.variant}
	c, ok := h.counts[name]
	if !ok {
		if len(h.counts) >= maxWanted {
			return
		}
		c = &counter{}
		h.counts[name] = c
	}
	c.add(halfOf(now))
}

// halfOf is the number of the half of the window.
func halfOf(now time.Time) int64 { return now.UnixNano() / int64(hottestHalf) }

// Top returns the n hottest derivatives, the hottest first, and has them counted for the next
// ten seconds.
func (h *Hottest) Top(n int, now time.Time) []Hot {
	top := []Hot{}
	for name, n := range h.sums(now) {
		top = append(top, Hot{variant.Path{Ops: name.variant.String(), Key: name.key}.String(), name.key, n})
	}
	slices.SortFunc(top, func(a, b Hot) int {
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Path, b.Path))
	})
	return top[:min(n, len(top))]
}

// sums returns how often each derivative was requested, and drops those that were not. Every hit
// waits for the lock, so no more is done under it.
func (h *Hottest) sums(now time.Time) map[wanted]int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.counts == nil {
		h.counts = map[wanted]*counter{}
	}
	h.last = now
	h.asked.Store(true)
	sums := make(map[wanted]int64, len(h.counts))
	for name, c := range h.counts {
		if n := c.sum(halfOf(now)); n > 0 {
			sums[name] = int64(n)
		} else {
			delete(h.counts, name)
		}
	}
	return sums
}
