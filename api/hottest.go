package api

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/variant"
)

// Hottest finds the derivatives that are requested most, while somebody asks for them by Top: it counts
// nothing before the first Top, nor from ten seconds after the last one. Its memory is bounded. The zero
// value is ready for use, by several goroutines at once.
type Hottest struct {
	asked atomic.Bool // whether to count

	mu       sync.Mutex
	last     time.Time // of Top
	began    time.Time // current
	current  map[wanted]int64
	previous map[wanted]int64 // of the hottestHalf before
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
	// maxWanted is how many derivatives are counted at once. What is hot comes early enough to be among
	// them.
	maxWanted = 4096
)

// add counts a request. If nobody asks, it costs next to nothing.
func (h *Hottest) add(q request, now time.Time) {
	if h == nil || !h.asked.Load() || q.parsedPath == nil || q.variant.Kind != variant.Picture {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Sub(h.last) > hottestIdle {
		h.asked.Store(false)
		h.current, h.previous = nil, nil
		return
	}
	h.rotate(now)
	name := wanted{q.key, q.variant}
	if n := h.current[name]; n > 0 || len(h.current) < maxWanted {
		h.current[name] = n + 1
	}
}

// rotate begins a new half of the window when it is time.
func (h *Hottest) rotate(now time.Time) {
	passed := now.Sub(h.began)
	if h.current != nil && passed < hottestHalf {
		return
	}
	h.previous = h.current
	if passed >= 2*hottestHalf {
		h.previous = nil
	}
	h.current, h.began = map[wanted]int64{}, now
}

// Top returns the n hottest derivatives, the hottest first, and has them counted for the next ten seconds.
func (h *Hottest) Top(n int, now time.Time) []Hot {
	counts, previous := h.counts(now)
	for name, n := range previous {
		counts[name] += n
	}
	top := make([]Hot, 0, len(counts))
	for name, n := range counts {
		top = append(top, Hot{variant.Path{Ops: name.variant.String(), Key: name.key}.String(), name.key, n})
	}
	slices.SortFunc(top, func(a, b Hot) int {
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Path, b.Path))
	})
	return top[:min(n, len(top))]
}

// counts returns a copy of what is counted now, and what was counted in the half before, which
// nobody changes any more. Every hit waits for the lock, so no more is done under it.
func (h *Hottest) counts(now time.Time) (current, previous map[wanted]int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = now
	h.asked.Store(true)
	h.rotate(now)
	return maps.Clone(h.current), h.previous
}
