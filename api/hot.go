package api

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/variant"
)

// HotHeaders tell a cache in front of us what is worth its room: derivatives that
// are asked for often. The zero value tells nothing.
type HotHeaders struct {
	// After is the number of requests within Window after which a derivative is
	// hot, at most cache.HeatMost; 0 is never.
	After  int
	Window time.Duration
	Header HotHeader
	// Warm, if not nil, is told of an answer that is hot and came from disk, so
	// that the next one comes from memory. It must not close the Blob, nor use it
	// afterwards. With HandOver, which has no use for memory, it is not called.
	Warm func(*pipeline.Result)
}

// HotHeader is a header that caches read and that is not for browsers.
type HotHeader struct {
	Name string // as net/http spells it
	Hot  string // its value for what is to be kept
	Cold string // and for all else; "" is without the header
}

// headerAccelExpires is nginx's header for how long it may keep an answer, in
// seconds.
const headerAccelExpires = "X-Accel-Expires"

var (
	hotName  = regexp.MustCompile(`^(X|Surrogate|Edge|[A-Za-z0-9-]+-Cache)-[A-Za-z0-9-]{1,60}$`)
	hotValue = regexp.MustCompile(`^[!-~]([ -~]{0,254}[!-~])?$`)
	maxAgeIn = regexp.MustCompile(`(?i)(?:^|[,;\s])(?:s-maxage|max-age)=([0-9]+)`)
)

// taken are headers with a meaning of their own that look as if they were free.
var taken = []string{AccelHeader, "X-Sendfile", headerRequestID, headerNoSniff, headerProblem, headerNoAccel}

// ParseHotHeader reads "X-Accel-Expires: 3600", and finds the opposite of that
// value: 0, in Surrogate-Control max-age=0, and in headers as RFC 9213 describes
// them, such as CDN-Cache-Control, no-store. Of other headers it knows none.
func ParseHotHeader(s string) (HotHeader, error) {
	name, value, ok := strings.Cut(s, ":")
	name, value = http.CanonicalHeaderKey(strings.TrimSpace(name)), strings.TrimSpace(value)
	switch {
	case !ok || value == "":
		return HotHeader{}, fmt.Errorf("%q is not of the form NAME: VALUE, such as X-Accel-Expires: 3600", s)
	case !hotName.MatchString(name) || slices.Contains(taken, name):
		return HotHeader{}, fmt.Errorf("%q is not a header for caches alone, such as X-Accel-Expires, Surrogate-Control or CDN-Cache-Control", name)
	case !hotValue.MatchString(value):
		return HotHeader{}, fmt.Errorf("the value of %s must be of up to 256 visible characters", name)
	}
	h := HotHeader{Name: name, Hot: value}
	return h, h.complete()
}

var errLifetime = errors.New("does not say for how many seconds an answer may be kept")

// complete fills in the opposite of the value.
func (h *HotHeader) complete() error {
	number := h.Hot
	switch {
	case h.Name == headerAccelExpires:
		h.Cold = "0"
	case h.Name == "Surrogate-Control":
		h.Cold = "max-age=0"
	case strings.HasSuffix(h.Name, "-Cache-Control"):
		h.Cold = "no-store"
	default:
		return nil
	}
	if h.Name != headerAccelExpires {
		m := maxAgeIn.FindStringSubmatch(h.Hot)
		if m == nil {
			return fmt.Errorf("%s: %q %w: give max-age=3600", h.Name, h.Hot, errLifetime)
		}
		number = m[1]
	}
	n, err := strconv.ParseUint(number, 10, 31)
	if err != nil || n == 0 {
		return fmt.Errorf("%s: %q %w", h.Name, h.Hot, errLifetime)
	}
	return nil
}

// hotness counts, and tells. One that is nil does neither.
type hotness struct {
	HotHeaders
	heat      *cache.Heat
	hot, cold []string
	// whole: what is hot is sent by us and not handed over. nginx keeps no answer
	// that X-Accel-Redirect has taken the place of.
	whole bool
}

func newHotness(c *Config) *hotness {
	if c.Hot.After <= 0 {
		return nil
	}
	h := &hotness{
		HotHeaders: c.Hot, heat: cache.NewHeat(c.Hot.Window, c.Now), hot: []string{c.Hot.Header.Hot},
		whole: c.HandOver.Header == AccelHeader && c.Hot.Header.Name == headerAccelExpires,
	}
	if c.Hot.Header.Cold != "" {
		h.cold = []string{c.Hot.Header.Cold}
	}
	return h
}

// touched counts a request for a derivative, under the name in the cache, and
// reports whether that is hot.
func (s *server) touched(q request) bool {
	return s.hotness != nil && q.variant.Whole != variant.Raw && s.hotness.heat.Touch(string(s.name(q))) > s.hotness.After
}

// isCold says that an answer is not worth keeping, as every one is until more is
// known of it.
func (o *hotness) isCold(h http.Header) {
	switch {
	case o == nil || o.Header.Name == "":
	case o.cold == nil:
		delete(h, o.Header.Name)
	default:
		h[o.Header.Name] = o.cold
	}
}

// isHot says that an answer to what is asked for often is worth keeping in front, if
// its URL is, and has it kept in memory here.
func (s *server) isHot(h http.Header, keepable bool, result *pipeline.Result) {
	o := s.hotness
	if o.Warm != nil && result.Source == pipeline.FromDisk && s.HandOver.Header == "" {
		o.Warm(result)
	}
	if o.Header.Name != "" && keepable && lasting(result) {
		h[o.Header.Name] = o.hot
	}
}

// lasting reports that there will not soon be a better answer.
func lasting(r *pipeline.Result) bool {
	return !r.Stale && !r.Aging && !r.OriginDown && !r.Broken && !r.Provisional
}
