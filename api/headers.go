package api

import (
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/dunglas/httpsfv"

	"github.com/thumbery/thumbery/info"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/variant"
)

// outcome is how a request was answered, as Cache-Status and the metrics tell
// it. Of those that tell the same, there is one.
type outcome struct {
	source pipeline.Source
	stored bool
	shared bool
	down   bool // the origin does not answer
	stale  bool // the original is older than it may be, and the origin was not asked
	// provisional: a better one is being made
	provisional bool
	moved       bool // the client was sent to the origin
}

func outcomeOf(r *pipeline.Result) outcome {
	switch {
	case r.Location != "":
		return outcome{source: pipeline.FromOrigin, moved: true}
	case r.Source != pipeline.FromOrigin:
		return outcome{source: r.Source, down: r.OriginDown, stale: r.Stale, provisional: r.Provisional}
	}
	return outcome{
		source: r.Source, stored: r.Stored, shared: r.Shared, down: r.OriginDown, stale: r.Stale, provisional: r.Provisional,
	}
}

// String is the outcome's name in metrics and logs.
func (o outcome) String() string {
	switch {
	case o.moved:
		return "redirect"
	case o.source == pipeline.FromMemory:
		return "memory"
	case o.source == pipeline.FromDisk:
		return "disk"
	case o.shared:
		return "shared"
	default:
		return "miss"
	}
}

// detail is that of Cache-Status, "" for none: where the body is, or what is more
// important to know.
func (o outcome) detail() string {
	switch {
	case o.down:
		return "origin-down"
	case o.provisional:
		return "provisional"
	case o.moved || o.source != pipeline.FromOrigin:
		return o.String()
	case o.stored:
		return "disk"
	}
	return ""
}

// forwarded is the fwd of Cache-Status (RFC 9211, 2.2), "" for a hit, which it
// excludes. What is stale was to be asked for, and had to be served as it is: a
// hit would hide that.
func (o outcome) forwarded() string {
	switch {
	case o.moved:
		return "bypass"
	case o.stale:
		return "stale"
	case o.source == pipeline.FromOrigin:
		return "miss"
	}
	return ""
}

// cacheName is how we sign Cache-Status.
const cacheName = "thumbery"

// cacheStatuses writes out the few values of Cache-Status, so that a hit need
// not.
func cacheStatuses() map[outcome][]string {
	all := map[outcome][]string{}
	for source := pipeline.FromMemory; source <= pipeline.FromOrigin; source++ {
		for bits := range 32 {
			o := outcomeOf(&pipeline.Result{
				Source: source, Stored: bits&1 != 0, Shared: bits&2 != 0, OriginDown: bits&4 != 0, Stale: bits&8 != 0,
				Provisional: bits&16 != 0,
			})
			all[o] = []string{cacheStatus(o)}
		}
	}
	moved := outcomeOf(&pipeline.Result{Location: "/"})
	all[moved] = []string{cacheStatus(moved)}
	return all
}

func cacheStatus(o outcome) string {
	item := httpsfv.NewItem(httpsfv.Token(cacheName))
	if fwd := o.forwarded(); fwd != "" {
		item.Params.Add("fwd", httpsfv.Token(fwd))
	} else {
		item.Params.Add("hit", true)
	}
	if o.stored {
		item.Params.Add("stored", true)
	}
	if detail := o.detail(); detail != "" {
		item.Params.Add("detail", httpsfv.Token(detail))
	}
	if o.shared {
		item.Params.Add("collapsed", true)
	}
	return marshalStatus(item)
}

// failedStatus is the Cache-Status of an answer that stands for an error.
func failedStatus(k kind) string {
	item := httpsfv.NewItem(httpsfv.Token(cacheName))
	item.Params.Add("fwd", httpsfv.Token("miss"))
	item.Params.Add("detail", httpsfv.Token(k.name))
	return marshalStatus(item)
}

func marshalStatus(item httpsfv.Item) string {
	s, err := httpsfv.Marshal(httpsfv.List{item})
	if err != nil {
		panic(err) // a constant that is not a token
	}
	return s
}

// Names of headers as net/http spells them, for use without Header.Set, which
// spells them anew and makes a slice for each value.
const (
	headerRequestID    = "X-Request-Id"
	headerContentType  = "Content-Type"
	headerCacheStatus  = "Cache-Status"
	headerCacheControl = "Cache-Control"
	headerNoSniff      = "X-Content-Type-Options"
	headerPolicy       = "Content-Security-Policy"
	headerCORS         = "Access-Control-Allow-Origin"
	headerVary         = "Vary"
	headerAcceptCH     = "Accept-Ch"
)

// values are the values of headers that are the same in every answer. They are
// shared by all answers: nobody may write into the slices.
type values struct {
	cacheStatus  map[outcome][]string
	contentType  map[string][]string
	cacheControl []string // of a picture that never expires
	staleControl []string // of one that may have changed
	noStore      []string
	noSniff      []string
	policy       []string
	cors         []string // nil for none
	vary         []string // nil for none
	varyAuto     []string // for FormatAuto
	acceptCH     []string // nil for none
}

func newValues(c *Config) values {
	v := values{
		cacheStatus:  cacheStatuses(),
		contentType:  map[string][]string{},
		cacheControl: []string{cacheControl(c)},
		staleControl: []string{publicFor(min(c.MaxAge, staleMaxAge))},
		noSniff:      []string{"nosniff"},
		policy:       []string{contentPolicy},
		noStore:      []string{"no-store"},
	}
	v.setVary(c)
	for mediaType := range endings {
		v.contentType[mediaType] = []string{mediaType}
	}
	if c.CORS != "" {
		v.cors = []string{c.CORS}
	}
	return v
}

// clientHints are the headers that hints are read from, the newer names first.
const clientHints = "Sec-CH-DPR, Sec-CH-Width, DPR, Width"

// setVary writes out Vary, in one line: nginx up to 1.22 passes on the first one
// only.
func (v *values) setVary(c *Config) {
	auto := "Accept, Save-Data"
	if c.ClientHints {
		auto += ", " + clientHints
		v.acceptCH = []string{clientHints}
	}
	if c.CORS != "" && c.CORS != "*" {
		v.vary = []string{"Origin"}
		auto += ", Origin"
	}
	v.varyAuto = []string{auto}
}

// varies says of an answer, also of one that is an error, what else than the URL
// it depends on.
func (s *server) varies(h http.Header, q request) {
	if q.variant.Format != variant.FormatAuto {
		return
	}
	h[headerVary] = s.varyAuto
	if s.acceptCH != nil {
		h[headerAcceptCH] = s.acceptCH
	}
}

// pictureHeaders are those of a picture, whatever the status will be.
func (s *server) pictureHeaders(h http.Header, q request, r *pipeline.Result) {
	if shared, ok := s.contentType[r.MediaType]; ok {
		h[headerContentType] = shared
	} else {
		h.Set(headerContentType, r.MediaType)
	}
	h[headerCacheStatus] = s.cacheStatus[outcomeOf(r)]
	if len(r.Steps) > 0 {
		h.Set("Server-Timing", serverTiming(r.Steps))
	}
	if q.variant.Download {
		h.Set("Content-Disposition", disposition(q, r.MediaType))
	}
	h[headerCacheControl] = s.control(q, r.Stale || r.Aging || r.Provisional)
	s.safeHeaders(h)
	if r.Broken {
		h[headerCacheControl] = s.noStore
	}
}

// contentPolicy keeps a picture that is opened as a document, an SVG above all,
// from running or loading anything.
const contentPolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

// safeHeaders are those of every answer with a body.
func (s *server) safeHeaders(h http.Header) {
	h[headerNoSniff] = s.noSniff
	h[headerPolicy] = s.policy
	if s.cors != nil {
		h[headerCORS] = s.cors
	}
	if s.vary != nil && len(h[headerVary]) == 0 {
		h[headerVary] = s.vary
	}
}

// staleMaxAge is how long others may keep what is stale, being asked for, or stands
// for a better one: as soon as its origin answers, or the better one is made, there
// may be another.
const staleMaxAge = time.Minute

// control is Cache-Control. What expires may not be kept any longer.
func (s *server) control(q request, soon bool) []string {
	maxAge, value := s.MaxAge, s.cacheControl
	if soon {
		maxAge, value = min(maxAge, staleMaxAge), s.staleControl
	}
	if q.expires.IsZero() {
		return value
	}
	if left := q.expires.Sub(s.Now()); left < maxAge {
		return []string{publicFor(max(0, left))}
	}
	return value
}

func cacheControl(c *Config) string {
	if c.Changing {
		return publicFor(c.MaxAge)
	}
	return publicFor(c.MaxAge) + ", immutable"
}

func publicFor(maxAge time.Duration) string { return "public, max-age=" + seconds(maxAge) }

func seconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }

// resultETag is strong: the name stands for everything that was asked for, date and
// size for the original, and the sum for the way in which it was made.
func resultETag(r *pipeline.Result) string {
	b := make([]byte, 0, 96)
	b = append(b, '"')
	b = append(b, r.Name...)
	b = append(b, '-')
	b = strconv.AppendInt(b, r.Blob.ModTime.Unix(), 36)
	b = append(b, '-')
	b = strconv.AppendInt(b, r.Blob.Size, 36)
	if r.Sum != 0 {
		b = append(b, '-')
		b = strconv.AppendUint(b, uint64(r.Sum), 36)
	}
	b = append(b, '"')
	return string(b)
}

// serverTiming writes Server-Timing in milliseconds (W3C, Server Timing).
func serverTiming(steps []pipeline.Step) string {
	b := make([]byte, 0, 96)
	for _, step := range steps {
		if len(b) > 0 {
			b = append(b, ", "...)
		}
		b = append(append(b, step.Name...), ";dur="...)
		b = strconv.AppendFloat(b, step.Took.Seconds()*1000, 'f', 1, 64)
	}
	return string(b)
}

// disposition offers to save the picture, under the name given or the key's,
// with the ending that fits what it is.
func disposition(q request, mediaType string) string {
	name := q.variant.DownloadName
	if name == "" {
		base := path.Base(string(q.key))
		name = base
		if ending := endings[mediaType]; ending != "" && q.variant.Whole != variant.Raw {
			name = strings.TrimSuffix(base, path.Ext(base)) + ending
		}
	}
	return mime.FormatMediaType("attachment", map[string]string{"filename": name})
}

var endings = map[string]string{
	"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/avif": ".avif", "image/gif": ".gif",
	info.MediaType: ".json",
}
