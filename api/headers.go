package api

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/thumbery/thumbery/info"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/variant"
)

// Names of headers as net/http spells them. Setting them in the map saves what Header.Set
// allocates.
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

// headerValues are the values of headers that hits have, as slices that all answers share,
// since making them is a good part of what a hit costs. Nobody may write to them. nil leaves a
// header out.
type headerValues struct {
	contentType map[string][]string
	control     []string // Cache-Control of what is kept for Config.MaxAge
	noSniff     []string
	policy      []string
	cors        []string
	vary        []string
	varyAuto    []string // Vary for FormatAuto
	acceptCH    []string // for FormatAuto
}

func newHeaderValues(c *Config) headerValues {
	v := headerValues{contentType: map[string][]string{}, noSniff: []string{"nosniff"}, policy: []string{contentPolicy}}
	for mediaType := range extensions {
		v.contentType[mediaType] = []string{mediaType}
	}
	control, auto := publicFor(c.MaxAge), "Accept, Save-Data"
	if !c.Changing {
		control += ", immutable"
	}
	if c.ClientHints {
		v.acceptCH = []string{clientHints}
		auto += ", " + clientHints
	}
	if c.CORS != "" {
		v.cors = []string{c.CORS}
	}
	if c.CORS != "" && c.CORS != "*" {
		v.vary = []string{"Origin"}
		auto += ", Origin"
	}
	// In one line, as nginx up to 1.22 passes on only the first.
	v.control, v.varyAuto = []string{control}, []string{auto}
	return v
}

// clientHints are the headers with client hints, the newer names first.
const clientHints = "Sec-CH-DPR, Sec-CH-Width, DPR, Width"

// setVary says of an answer, which may be an error, on which request headers it depends.
func (s *server) setVary(h http.Header, q request) {
	if q.variant.Format != variant.FormatAuto {
		return
	}
	h[headerVary] = s.varyAuto
	if s.acceptCH != nil {
		h[headerAcceptCH] = s.acceptCH
	}
}

func (s *server) pictureHeaders(h http.Header, q request, r *pipeline.Result) {
	if shared, ok := s.contentType[r.MediaType]; ok {
		h[headerContentType] = shared
	} else {
		h.Set(headerContentType, r.MediaType)
	}
	h[headerCacheStatus] = cacheStatus(r)
	if len(r.Steps) > 0 {
		h.Set("Server-Timing", serverTiming(r.Steps))
	}
	if q.variant.Download {
		h.Set("Content-Disposition", disposition(q, r.MediaType))
	}
	h[headerCacheControl] = s.cacheControl(q, r)
	s.safeHeaders(h)
}

// contentPolicy keeps an image that is opened as a document, such as an SVG, from running
// or loading anything.
const contentPolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

// safeHeaders sets the headers that every answer with a body has.
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

// noStore is Cache-Control of what no cache may keep.
const noStore = "no-store"

// soonMaxAge is how long caches may keep a result that may soon be replaced: it is stale,
// being revalidated, or provisional.
const soonMaxAge = time.Minute

// cacheControl is that of a result. A cache may not keep it for longer than its URL is valid.
func (s *server) cacheControl(q request, r *pipeline.Result) []string {
	if r.Broken {
		return []string{noStore}
	}
	maxAge, soon := s.MaxAge, r.Stale || r.Revalidating || r.Provisional
	if soon {
		maxAge = min(maxAge, soonMaxAge)
	}
	if !q.expires.IsZero() {
		maxAge = min(maxAge, max(0, q.expires.Sub(s.Now())))
	}
	if !soon && maxAge == s.MaxAge {
		return s.control
	}
	return []string{publicFor(maxAge)}
}

func publicFor(maxAge time.Duration) string {
	return "public, max-age=" + strconv.FormatInt(int64(maxAge/time.Second), 10)
}

// epoch is that of the picture of a request.
func (s *server) epoch(q request) uint64 { return s.Pipeline.Epoch(variant.Name(q.tag[0])) }

// forbidOutdated has no cache keep an answer, which may be an error, whose picture was
// forgotten while it was made: it would come into caches in front after they have been
// purged.
func (s *server) forbidOutdated(rec *responseRecorder) {
	if rec.request.parsedPath == nil || s.epoch(rec.request) == rec.epoch {
		return
	}
	rec.Header().Set(headerCacheControl, noStore)
	s.popularity.setCold(rec.Header())
}

// serverTiming writes Server-Timing in milliseconds (W3C, Server Timing).
func serverTiming(steps []render.Step) string {
	values := make([]string, len(steps))
	for i, step := range steps {
		values[i] = fmt.Sprintf("%s;dur=%.1f", step.Name, step.Took.Seconds()*1000)
	}
	return strings.Join(values, ", ")
}

// disposition is Content-Disposition for a download: with the name in the URL, or that
// of the key with the extension of the media type.
func disposition(q request, mediaType string) string {
	name := q.variant.DownloadName
	if name == "" {
		base := path.Base(string(q.key))
		name = base
		if extension := extensions[mediaType]; extension != "" && q.variant.Kind != variant.Raw {
			name = strings.TrimSuffix(base, path.Ext(base)) + extension
		}
	}
	return mime.FormatMediaType("attachment", map[string]string{"filename": name})
}

// extensions are those of the media types that are made here.
var extensions = map[string]string{
	"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/avif": ".avif", "image/gif": ".gif",
	"image/jxl":    ".jxl",
	info.MediaType: ".json",
}

// preflight answers the request that a browser sends before an unusual request to
// another site (Fetch standard, 4.8).
func (s *server) preflight(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set(headerCORS, s.CORS)
	h.Set("Access-Control-Allow-Methods", "GET, HEAD")
	h.Set("Access-Control-Allow-Headers", "*")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}

// WriteError answers with what is wrong, as the admin listener and the page do.
func WriteError(w http.ResponseWriter, status int, text string) {
	WriteJSON(w, status, map[string]string{"error": text})
}

// WriteJSON answers with v as JSON that nobody may keep, as the admin listener and the page do.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set(headerContentType, "application/json")
	w.Header().Set(headerCacheControl, noStore)
	w.WriteHeader(status)
	// The error is that of a client which has left.
	_ = json.NewEncoder(w).Encode(v)
}
