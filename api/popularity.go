package api

import (
	"net/http"
	"sync"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/variant"
)

// HotHeaders says which derivatives are hot, and what follows. The zero value counts
// nothing.
type HotHeaders struct {
	// After is the number of requests within Window after which a derivative is hot,
	// at most MaxHotAfter; 0 is never.
	After  int
	Window time.Duration
	Header HotHeader
	// Warm, if not nil, is called with a hot result that came from disk, to have the
	// next one come from memory. It must not close the Blob, nor use it afterwards. It
	// is not called with SendFile, which has no use for memory.
	Warm func(*pipeline.Result)
}

// MaxHotAfter is the greatest HotHeaders.After.
const MaxHotAfter = 1<<16 - 1

// popularity counts requests for derivatives and tells caches in front of this server
// which ones are hot. A nil popularity counts nothing, and everything is cold.
type popularity struct {
	HotHeaders
	requests requestCounts
	hot      []string // values of Header
	cold     []string // nil leaves it out
	// inFull is whether hot derivatives are sent in full: nginx does not keep what it
	// sends because of X-Accel-Redirect.
	inFull bool
}

func newPopularity(c *Config) *popularity {
	if c.Hot.After <= 0 {
		return nil
	}
	p := &popularity{
		HotHeaders: c.Hot, requests: newRequestCounts(c.Hot.Window, c.Now), hot: []string{c.Hot.Header.Hot},
		inFull: c.SendFile.Header == AccelHeader && c.Hot.Header.Name == headerAccelExpires,
	}
	if c.Hot.Header.Cold != "" {
		p.cold = []string{c.Hot.Header.Cold}
	}
	return p
}

// count counts a request for a derivative, and reports whether the derivative is hot.
func (s *server) count(q request) (hot bool) {
	p := s.popularity
	return p != nil && q.variant.Kind != variant.Raw && p.requests.add(string(s.name(q))) > p.After
}

// setCold sets the header of every answer that is not known to be hot.
func (p *popularity) setCold(h http.Header) {
	switch {
	case p == nil || p.Header.Name == "":
	case p.cold == nil:
		delete(h, p.Header.Name)
	default:
		h[p.Header.Name] = p.cold
	}
}

// warm has a hot derivative loaded into memory.
func (s *server) warm(result *pipeline.Result) {
	if w := s.popularity.Warm; w != nil && result.Source == pipeline.FromDisk && s.SendFile.Header == "" {
		w(result)
	}
}

// setHot tells the cache in front to keep a hot derivative.
func (p *popularity) setHot(h http.Header, result *pipeline.Result) {
	if p.Header.Name != "" && isFinal(result) {
		h[p.Header.Name] = p.hot
	}
}

// isFinal reports that no better result for the same URL is expected soon.
func isFinal(r *pipeline.Result) bool {
	return !r.Stale && !r.Revalidating && !r.OriginDown && !r.Broken && !r.Provisional
}

// requestCounts counts requests by the name of the derivative, within a window of
// time. Its memory is bounded: of very many names, the counts of those that are
// rarely asked for are dropped.
type requestCounts struct {
	counters *cache.Memory[string, *counter]
	now      func() time.Time
	start    time.Time
	half     time.Duration // half the window
}

// counter counts requests in the half window named by its number, and in the one
// before.
type counter struct {
	mu                sync.Mutex
	half              int64
	current, previous int
}

const (
	popularityBytes = 8 << 20 // memory for counters, of some 25,000 names
	counterSize     = 64      // bytes of a counter, beside the overhead of the cache
)

func newRequestCounts(window time.Duration, now func() time.Time) requestCounts {
	return requestCounts{
		counters: cache.NewMemory[string](popularityBytes, func(*counter) int { return counterSize }),
		now:      now, start: now(), half: max(window/2, 1),
	}
}

// add counts a request and returns how many there were, this one included: all of the
// last half window, and perhaps those up to a whole window ago. Two first requests at
// the same moment may count as one.
func (r *requestCounts) add(name string) int {
	c, ok := r.counters.Get(name)
	if !ok {
		c = &counter{}
		r.counters.Put(name, c)
	}
	return c.add(int64(r.now().Sub(r.start) / r.half))
}

func (c *counter) add(half int64) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.previous, c.current = c.at(half)
	c.half = max(c.half, half)
	c.current++
	return c.previous + c.current
}

// at returns the requests of the half window before, and of the half itself.
func (c *counter) at(half int64) (previous, current int) {
	switch passed := half - c.half; {
	case passed == 1:
		return c.current, 0
	case passed > 1:
		return 0, 0
	}
	return c.previous, c.current
}

// peek returns how many requests there were, and counts none.
func (r *requestCounts) peek(name string) int {
	c, ok := r.counters.Peek(name)
	if !ok {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	previous, current := c.at(int64(r.now().Sub(r.start) / r.half))
	return previous + current
}
