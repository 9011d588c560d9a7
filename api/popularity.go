package api

import (
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
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
	// hot and cold are the values of Header, shared by all answers: nobody may write to them.
	// cold is nil if it is left out.
	hot, cold []string
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

// setHot tells the cache in front to keep a hot derivative, unless a better result for the
// same URL is expected soon.
func (p *popularity) setHot(h http.Header, r *pipeline.Result) {
	isFinal := !r.Stale && !r.Revalidating && !r.OriginDown && !r.Broken && !r.Provisional
	if p.Header.Name != "" && isFinal {
		h[p.Header.Name] = p.hot
	}
}

// warm has a hot derivative loaded into memory.
func (s *server) warm(result *pipeline.Result) {
	if w := s.popularity.Warm; w != nil && result.Source == pipeline.FromDisk && s.SendFile.Header == "" {
		w(result)
	}
}

// isCanonical reports that a cache in front may keep the answer to a request: it is the
// whole body; the URL does not expire, which the cache would not check; and the URL has
// no second spelling, since a client could fill the cache with copies of a hot derivative
// under URLs with other queries, download names or escapes.
func isCanonical(r *http.Request, q request) bool {
	return len(r.Header["Range"]) == 0 && q.expires.IsZero() && !q.variant.Download &&
		r.URL.RawQuery == "" && !r.URL.ForceQuery && hasPlainEscapes(r.URL.RawPath)
}

// unreserved are the characters that mean the same if they are escaped (RFC 3986, 2.3).
const unreserved = idCharacters + "~"

// hasPlainEscapes reports that a path escapes in upper case, escapes no unreserved
// character, and no character that it also has unescaped. Clients differ in which
// others they escape, so a path has a few such spellings. rawPath is url.URL.RawPath: ""
// if the path has the escapes of the standard library.
func hasPlainEscapes(rawPath string) bool {
	literal, rest, _ := strings.Cut(rawPath, "%")
	if rest == "" {
		return literal == rawPath
	}
	var escaped []byte
	for part := range strings.SplitSeq(rest, "%") {
		if len(part) < 2 || part[:2] != strings.ToUpper(part[:2]) {
			return false
		}
		c, err := hex.DecodeString(part[:2])
		if err != nil || strings.IndexByte(unreserved, c[0]) >= 0 {
			return false
		}
		escaped = append(escaped, c[0])
		literal += part[2:]
	}
	return !slices.ContainsFunc(escaped, func(c byte) bool { return strings.IndexByte(literal, c) >= 0 })
}

// requestCounts counts requests by the name of the derivative, within a window of
// time. Its memory is bounded: of very many names, the counts of those that are
// rarely asked for are dropped.
type requestCounts struct {
	counters *cache.Memory[string, *sharedCounter]
	now      func() time.Time
	half     time.Duration // half the window
}

// sharedCounter is a counter for several goroutines.
type sharedCounter struct {
	mu sync.Mutex
	counter
}

const (
	popularityBytes = 8 << 20 // memory for counters, of some 25,000 names
	counterSize     = 64      // bytes of a counter, beside the overhead of the cache
)

func newRequestCounts(window time.Duration, now func() time.Time) requestCounts {
	return requestCounts{
		counters: cache.NewMemory[string](popularityBytes, func(*sharedCounter) int { return counterSize }),
		now:      now, half: max(window/2, 1),
	}
}

// add counts a request and returns how many there were, this one included: all of the
// last half window, and perhaps those up to a whole window ago. Two first requests at
// the same moment may count as one.
func (r *requestCounts) add(name string) int {
	c, ok := r.counters.Get(name)
	if !ok {
		c = &sharedCounter{}
		r.counters.Put(name, c)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.add(r.halves())
}

// peek returns how many requests there were, and counts none.
func (r *requestCounts) peek(name string) int {
	c, ok := r.counters.Peek(name)
	if !ok {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sum(r.halves())
}

// halves is the number of the half of the window.
func (r *requestCounts) halves() int64 { return r.now().UnixNano() / int64(r.half) }

// counter counts requests in a half window, named by its number, and in the one before.
type counter struct {
	half              int64
	current, previous int
}

// add counts a request in a half, and returns the sum.
func (c *counter) add(half int64) int {
	c.previous, c.current = c.at(half)
	if half != c.half-1 {
		c.half = half
	}
	c.current++
	return c.previous + c.current
}

// sum is how many requests there were in a half and the one before.
func (c *counter) sum(half int64) int {
	previous, current := c.at(half)
	return previous + current
}

// at is what was counted in the half before, and in the half itself. A request may come a
// moment late, in the half before the one that is counted. If the clock was set back further,
// counting begins anew, or else nothing would be forgotten until it is that late again.
func (c *counter) at(half int64) (previous, current int) {
	switch half - c.half {
	case 0, -1:
		return c.previous, c.current
	case 1:
		return c.current, 0
	}
	return 0, 0
}
