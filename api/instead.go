package api

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// Fallback makes a picture that stands for one that cannot be had.
type Fallback interface {
	// Picture makes it in the size and form of v, which asks for a picture and
	// for nothing that depends on what is in the original. It must not wait
	// behind what keeps the service from making the picture itself, and ends
	// when ctx does. The caller closes the Blob of the Result. After an error
	// the client gets the problem document.
	Picture(ctx context.Context, v variant.Variant, a variant.Accept) (*pipeline.Result, error)
}

// fallbackTime bounds the making of what stands for a picture, and of a link to
// it: a refusal that takes longer than that is better off without.
const fallbackTime = 2 * time.Second

// headerProblem tells scripts what a picture stands for: the problem's type,
// without its prefix.
const headerProblem = "X-Thumbery-Problem"

// linkExpires is how long a link is good for: a download has to begin by then.
const linkExpires = 15 * time.Minute

// linkOptions are for a link to the original. It is good for no longer than the
// URL that it was asked for by.
func (s *server) linkOptions(q request, method string) storage.LinkOptions {
	o := storage.LinkOptions{Expires: linkExpires, Head: method == http.MethodHead}
	if !q.expires.IsZero() {
		o.Expires = max(time.Second, min(o.Expires, q.expires.Sub(s.Now())))
	}
	if q.variant.Download {
		o.Disposition = disposition(q, "") // what it is, its key's ending says
	}
	return o
}

// redirect sends the client to where the bytes are. Nobody may keep that answer:
// the URL expires, and the next time the bytes may be here.
func (s *server) redirect(w http.ResponseWriter, result *pipeline.Result) {
	h := w.Header()
	h[headerCacheStatus] = s.cacheStatus[outcomeOf(result)]
	h[headerCacheControl] = s.noStore
	s.safeHeaders(h)
	sendTo(w, result.Location, s.Now())
}

// sendTo writes a 302. http.Redirect would put a page with the URL into its body.
func sendTo(w http.ResponseWriter, location string, now time.Time) {
	allowTime(w, now, 0)
	w.Header().Set("Location", location)
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusFound)
}

// instead answers an error with something else than a problem document, and
// reports whether it has.
func (s *server) instead(e *exchange, r *http.Request, k kind) bool {
	if e.asked.wish == nil || e.asked.variant.Whole.Describes() {
		return false
	}
	return s.toOriginal(e, r, k) || s.standIn(e, r, k)
}

// toOriginal sends the browser to the original's own place, which may well be
// reachable for it, and have time.
func (s *server) toOriginal(e *exchange, r *http.Request, k kind) bool {
	if !s.FallbackRedirect || k.status != http.StatusServiceUnavailable {
		return false
	}
	ctx, cancel := context.WithTimeout(r.Context(), fallbackTime)
	defer cancel()
	link, err := s.Pipeline.Link(ctx, e.asked.key, s.linkOptions(e.asked, r.Method))
	if err != nil {
		s.Log.Warn("no link to the original", "id", e.id, "cause", err)
		return false
	}
	h := e.Header()
	h.Del("Retry-After") // on a redirect it says how long to wait before following it
	s.standsFor(h, k)
	sendTo(e, link, s.Now())
	return true
}

// standIn answers with the fallback picture, in the size asked for and with the
// true status. It is always whole: conditions and ranges are about the picture
// that it stands for.
func (s *server) standIn(e *exchange, r *http.Request, k kind) bool {
	if s.Fallback == nil || !k.canBePictured() {
		return false
	}
	ctx, cancel := context.WithTimeout(r.Context(), fallbackTime)
	defer cancel()
	result, err := s.Fallback.Picture(ctx, inItsPlace(e.asked.variant), e.asked.accept)
	if err != nil {
		s.Log.Warn("no fallback picture", "id", e.id, "cause", err)
		return false
	}
	defer result.Blob.Close()
	s.standsFor(e.Header(), k)
	s.sendWhole(e, r, k.status, result)
	return true
}

// canBePictured reports that a picture may stand for this error. What the author
// of the URL has to mend is said in words, and so is what is forbidden.
func (k kind) canBePictured() bool {
	switch k.status {
	case http.StatusNotFound, http.StatusUnsupportedMediaType:
		return true
	case http.StatusUnprocessableEntity:
		return k.is == resize.ErrBroken || k.is == pipeline.ErrQuarantined
	}
	return k.status >= 500 && k.status != http.StatusNotImplemented
}

// standsFor are the headers by which what stands for a picture is known.
func (s *server) standsFor(h http.Header, k kind) {
	h[headerCacheControl] = s.noStore
	h.Set(headerCacheStatus, failedStatus(k))
	h.Set(headerProblem, k.name)
}

// sendWhole sends a body under any status.
func (s *server) sendWhole(e *exchange, r *http.Request, status int, result *pipeline.Result) {
	h := e.Header()
	h.Del("Content-Range")
	h.Del("Accept-Ranges")
	h.Set(headerContentType, result.MediaType)
	h.Set("Content-Length", strconv.FormatInt(result.Blob.Size, 10))
	allowTime(e, s.Now(), result.Blob.Size)
	e.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	// A client that does not take the body any more is no concern of ours.
	_, _ = io.Copy(e, result.Blob.Content())
}

// inItsPlace is what to ask of the fallback picture where v was asked of another
// one: the same room on the page, filled, and none of what is said about places,
// pages and bytes of the other.
func inItsPlace(v variant.Variant) variant.Variant {
	if v.Whole == variant.Raw {
		return variant.Variant{}
	}
	v.Enlarge = true
	v.Crop, v.Trim = variant.Crop{}, 0
	v.Gravity, v.FocalX, v.FocalY = variant.GravityCenter, 0, 0
	v.Page, v.MaxBytes, v.Watermark = 0, 0, ""
	v.Download, v.DownloadName, v.Version = false, "", ""
	return v
}
