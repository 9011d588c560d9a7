package api

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// Fallback makes the fallback image, which is sent instead of a derivative that cannot
// be had.
type Fallback interface {
	// Picture makes it in the size and format of v, which has no options that depend on
	// the original's content. It must not queue behind the work that keeps the service
	// from making the derivative itself, and ends when ctx does. The caller closes the
	// Blob of the Result. After an error the client gets the problem document.
	Picture(ctx context.Context, v variant.Variant, a variant.Accept) (*pipeline.Result, error)
}

// fallbackTimeout bounds making a fallback image, or a link to the original. A client
// that has waited longer is better served by the error itself.
const fallbackTimeout = 2 * time.Second

// headerProblem says which error a fallback image hides: the problem's type without its
// prefix.
const headerProblem = "X-Thumbery-Problem"

// hasFallback reports that there may be a fallback for a request: it is for a picture.
func (q request) hasFallback() bool { return q.parsedPath != nil && !q.variant.Kind.IsInfo() }

// fallback answers an error with a redirect to the original or with the fallback image.
// It reports false, and has written nothing, if neither is possible.
func (s *server) fallback(rec *responseRecorder, r *http.Request, t problemType) bool {
	if !rec.request.hasFallback() {
		return false
	}
	return s.redirectToOrigin(rec, r, t) || s.fallbackImage(rec, r, t)
}

// fallbackImage answers with the fallback image, in the size of the request and with
// the status of the error. Conditions and ranges are ignored: they are about the
// derivative.
func (s *server) fallbackImage(rec *responseRecorder, r *http.Request, t problemType) bool {
	if s.Fallback == nil || !t.allowsFallback() {
		return false
	}
	ctx, cancel := context.WithTimeout(r.Context(), fallbackTimeout)
	defer cancel()
	result, err := s.Fallback.Picture(ctx, fallbackVariant(rec.request.variant), rec.request.accept)
	if err != nil {
		s.Log.WarnContext(r.Context(), "cannot make the fallback image", "id", rec.id, "cause", err)
		return false
	}
	defer result.Blob.Close()
	h := rec.Header()
	s.fallbackHeaders(h, t)
	h.Del("Content-Range")
	h.Del("Accept-Ranges")
	h.Set(headerContentType, result.MediaType)
	h.Set("Content-Length", strconv.FormatInt(result.Blob.Size, 10))
	setWriteDeadline(rec, s.Now(), result.Blob.Size)
	rec.WriteHeader(t.status)
	if r.Method != http.MethodHead {
		// The error is that of a client which has left.
		_, _ = io.Copy(rec, result.Blob.Content())
	}
	return true
}

// allowsFallback reports that an error may be hidden by a fallback image. What the author
// of the URL has to fix, and what is forbidden, is said in words.
func (t problemType) allowsFallback() bool {
	switch t.status {
	case http.StatusNotFound, http.StatusUnsupportedMediaType:
		return true
	case http.StatusUnprocessableEntity:
		return t.is == header.ErrBroken || t.is == originals.ErrQuarantined
	}
	return t.status >= 500 && t.status != http.StatusNotImplemented
}

// fallbackHeaders tell a fallback from the derivative itself.
func (s *server) fallbackHeaders(h http.Header, t problemType) {
	h.Set(headerCacheControl, noStore)
	h.Set(headerCacheStatus, errorCacheStatus(t))
	h.Set(headerProblem, t.name)
}

// fallbackVariant keeps the size and style of v and drops what refers to the original's
// content: crop, gravity, page, byte limit, watermark, version.
func fallbackVariant(v variant.Variant) variant.Variant {
	if v.Kind == variant.Raw {
		return variant.Variant{}
	}
	v.Enlarge = true
	v.Crop, v.Trim = variant.Crop{}, 0
	v.Gravity, v.FocalX, v.FocalY = variant.GravityCenter, 0, 0
	v.Page, v.MaxBytes, v.Watermark = 0, 0, ""
	v.Download, v.DownloadName, v.Version = false, "", ""
	return v
}

// linkExpires is how long a link to the original is valid: a download has to begin by
// then.
const linkExpires = 15 * time.Minute

// linkOptions are for a link to the original. It is valid no longer than the URL of the
// request.
func (s *server) linkOptions(q request, method string) storage.LinkOptions {
	o := storage.LinkOptions{Expires: linkExpires, Head: method == http.MethodHead}
	if !q.expires.IsZero() {
		o.Expires = max(time.Second, min(o.Expires, q.expires.Sub(s.Now())))
	}
	if q.variant.Download {
		o.Disposition = disposition(q, "") // without a media type, it keeps the key's extension
	}
	return o
}

// redirect answers with a redirect to result.Location. It may not be cached: the URL
// expires, and the next request may find the original in the cache.
func (s *server) redirect(w http.ResponseWriter, result *pipeline.Result) {
	h := w.Header()
	h[headerCacheStatus] = cacheStatus(result)
	h.Set(headerCacheControl, noStore)
	s.safeHeaders(h)
	redirectTo(w, result.Location, s.Now())
}

// redirectTo writes a 302. http.Redirect would write a page with the URL, too.
func redirectTo(w http.ResponseWriter, location string, now time.Time) {
	setWriteDeadline(w, now, 0)
	w.Header().Set("Location", location)
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusFound)
}

// mayRedirect reports that the answer to an error may be a redirect to the original.
func (s *server) mayRedirect(t problemType) bool {
	return s.FallbackRedirect && t.status == http.StatusServiceUnavailable
}

// redirectToOrigin answers an error of kind 503 with a redirect to the original at its
// origin, which the client may be able to reach. It reports false, and has written
// nothing, if that is not configured or not possible.
func (s *server) redirectToOrigin(rec *responseRecorder, r *http.Request, t problemType) bool {
	if !s.mayRedirect(t) {
		return false
	}
	ctx, cancel := context.WithTimeout(r.Context(), fallbackTimeout)
	defer cancel()
	link, err := s.Pipeline.Originals.Link(ctx, rec.request.key, s.linkOptions(rec.request, r.Method))
	if err != nil {
		s.Log.WarnContext(r.Context(), "cannot redirect to the original: no link", "id", rec.id, "cause", err)
		return false
	}
	h := rec.Header()
	h.Del("Retry-After") // with a redirect it is how long to wait before following it
	s.fallbackHeaders(h, t)
	redirectTo(rec, link, s.Now())
	return true
}
