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

// fallback answers an error with a redirect to the original or with the fallback image.
// It reports false, and has written nothing, if neither is possible.
func (s *server) fallback(rec *responseRecorder, r *http.Request, t problemType) bool {
	if rec.request.parsedPath == nil || rec.request.variant.Kind.IsInfo() {
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
	s.fallbackHeaders(rec.Header(), t)
	s.sendFallback(rec, r, t.status, result)
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
	h[headerCacheControl] = s.noStore
	h.Set(headerCacheStatus, errorCacheStatus(t))
	h.Set(headerProblem, t.name)
}

func (s *server) sendFallback(rec *responseRecorder, r *http.Request, status int, result *pipeline.Result) {
	h := rec.Header()
	h.Del("Content-Range")
	h.Del("Accept-Ranges")
	h.Set(headerContentType, result.MediaType)
	h.Set("Content-Length", strconv.FormatInt(result.Blob.Size, 10))
	setWriteDeadline(rec, s.Now(), result.Blob.Size)
	rec.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	// The error is that of a client which has left.
	_, _ = io.Copy(rec, result.Blob.Content())
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
