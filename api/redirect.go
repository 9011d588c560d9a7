package api

import (
	"context"
	"net/http"
	"time"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/storage"
)

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
	h[headerCacheStatus] = s.cacheStatus[outcomeOf(result)]
	h[headerCacheControl] = s.noStore
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

// redirectToOrigin answers an error of kind 503 with a redirect to the original at its
// origin, which the client may be able to reach. It reports false, and has written
// nothing, if that is not configured or not possible.
func (s *server) redirectToOrigin(rec *responseRecorder, r *http.Request, t problemType) bool {
	if !s.FallbackRedirect || t.status != http.StatusServiceUnavailable {
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
