package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

var (
	errMethod       = failure.New(failure.Request, "method not allowed")
	errRange        = failure.New(failure.Request, "range not satisfiable")
	errPrecondition = failure.New(failure.Request, "precondition failed")
)

// refusals are the errors for the statuses with which http.ServeContent refuses a request.
var refusals = map[int]error{
	http.StatusRequestedRangeNotSatisfiable: errRange,
	http.StatusPreconditionFailed:           errPrecondition,
}

// statusClientGone is nginx's status for a client that left before the answer. It is only
// logged and counted.
const statusClientGone = 499

// problemType is how errors of one kind are answered: a row of problemTypes.
type problemType struct {
	is     error
	status int    // 0 for that of the error's class
	name   string // the last part of the type's URN
	title  string
	// detail is shown instead of the error's text, which may name an origin; "" shows
	// the text. <raw> in it becomes the path of the original.
	detail string
}

// problemTypes has the answer to each error. The first row that matches counts.
var problemTypes = []problemType{
	{variant.ErrOptions, 0, "bad-options", "The options in the URL are wrong", ""},
	{variant.ErrKey, 0, "bad-key", "The key in the URL is wrong", ""},
	{variant.ErrForbidden, 403, "forbidden", "This URL is not permitted", ""},
	{storage.ErrNotFound, 0, "not-found", "Picture not found", "The original does not exist at its origin."},
	{errMethod, 405, "method", "Method not allowed", "Only GET and HEAD are supported."},
	{errBody, 413, "body", "Unexpected request body", "Requests for pictures have no body. The body of this one is too long, or did not arrive."},
	{errPrecondition, 412, "precondition", "Precondition failed", "If-Match or If-Unmodified-Since does not match the current version."},
	{errRange, 416, "range", "Range not satisfiable", "The requested range lies outside the file. Content-Range gives its length."},
	{header.ErrNotPicture, 415, "not-a-picture", "Unsupported file type", "The original exists, but is not in a supported picture format. It can be downloaded at <raw>."},
	{header.ErrBroken, 0, "broken-picture", "The picture is broken", "The original is damaged, truncated or empty. Upload it again."},
	{originals.ErrQuarantined, 0, "quarantined", "The picture is in quarantine", "This picture crashed the processes that worked on it, so it is not processed for ten minutes. The original can be downloaded at <raw>. Upload another version, for example saved anew by an image editor, or ask the operator to forget this one."},
	{resize.ErrDied, 500, "crashed", "The picture crashed its process", "The process that worked on this picture crashed. It is likely that the picture is damaged. Try again; if that fails, too, upload another version. The original can be downloaded at <raw>."},
	{resize.ErrNoProcess, 0, "no-process", "No process for pictures", "The processes of this server that make pictures cannot be started just now, or end at once. Try again in a moment."},
	{resize.ErrTooMuchMemory, 0, "too-much-memory", "The picture needs too much memory", "The picture is too large: making it needs more memory than this server lends to one picture. Request a smaller size, or upload a smaller picture."},
	{header.ErrTooLarge, 0, "too-many-pixels", "The picture has too many pixels", ""},
	{resize.ErrBytes, 0, "does-not-fit", "The picture does not fit into the byte limit", ""},
	{originals.ErrTooManyBytes, 0, "too-many-bytes", "The original is too large", "The original has more bytes than this server fetches."},
	{originals.ErrTooManyVersions, 429, "too-many-versions", "Too many versions of this picture", "Within an hour, more versions (v_) of this picture were requested than this server fetches. Versions in the cache are still served. Leave out v_, or try again later."},
	{resize.ErrTooSlow, 503, "too-slow", "Resizing timed out", "Resizing was stopped because it took too long. Request a smaller picture, or try again later."},
	{resize.ErrNoMemory, 0, "no-memory", "Out of memory", "Memory ran out while resizing. Request a smaller picture, or try again later."},
	{gate.ErrWaited, 0, "busy", "Server busy", "The request waited too long in the queue of this server. Try again in a moment."},
	{gate.ErrBusy, 0, "busy", "Server busy", "The queue of this server is full. Try again in a moment."},
	{http.ErrServerClosed, 503, "stopping", "Server stopping", "This server is stopping, and did not finish this in time. Try again."},
	{context.Canceled, 0, "client-gone", "The client closed the connection", "The client closed the connection before the answer."},
	{originals.ErrReadOnly, 0, "read-only", "Read-only mode", "This server is in read-only mode, and this original is not cached. Try again later."},
	{storage.ErrRefused, 0, "origin-refuses", "The origin denies access", "The origin works, but denies this server access to the original."},
	{storage.ErrTransient, 0, "busy", "Server busy", "This server could not send a request to the origin just now. Try again in a moment."},
	{storage.ErrUnavailable, 0, "origin-unavailable", "The origin is unavailable", "The origin cannot be reached. Try again in a moment."},
}

// statuses are those of the classes of errors.
var statuses = map[failure.Class]int{
	failure.NotFound:    http.StatusNotFound,
	failure.Refused:     http.StatusBadGateway,
	failure.Request:     http.StatusBadRequest,
	failure.Picture:     http.StatusUnprocessableEntity,
	failure.Quarantined: http.StatusUnprocessableEntity,
	failure.Unavailable: http.StatusServiceUnavailable,
	failure.Server:      http.StatusServiceUnavailable,
	failure.Busy:        http.StatusServiceUnavailable,
	failure.Canceled:    statusClientGone,
}

var internalError = problemType{nil, 500, "internal", "Internal server error", "The cause is in the log of the server, under the request id."}

func problemTypeOf(err error) problemType {
	if e, ok := errors.AsType[*resize.UnsupportedError](err); ok {
		return problemType{e, 501, "unsupported", "Unsupported option", "The option " + e.Option + " is valid, but not available on this server."}
	}
	if _, ok := errors.AsType[*panics.Error](err); ok {
		return internalError
	}
	for _, t := range problemTypes {
		if errors.Is(err, t.is) {
			if t.status == 0 {
				t.status = statuses[failure.Of(t.is)]
			}
			return t
		}
	}
	return internalError
}

// Classify returns the status for an error, and the last part of its problem type's URN.
func Classify(err error) (status int, name string) {
	t := problemTypeOf(err)
	return t.status, t.name
}

// problem is a problem document (RFC 9457). Option and Suggestion are ours.
type problem struct {
	Type       string `json:"type"`
	Title      string `json:"title"`
	Status     int    `json:"status"`
	Detail     string `json:"detail"`
	Option     string `json:"option,omitempty"`
	Suggestion string `json:"suggestion,omitempty"`
	RequestID  string `json:"request_id"`
}

// of names the original of a request in the detail.
func (t problemType) of(q request) problemType {
	if q.parsedPath != nil {
		t.detail = strings.ReplaceAll(t.detail, "<raw>", variant.Path{Ops: "raw", Key: q.key}.String())
	}
	return t
}

func newProblem(t problemType, err error, requestID string) problem {
	p := problem{
		Type: "urn:thumbery:" + t.name, Title: t.title, Status: t.status, Detail: t.detail, RequestID: requestID,
	}
	if p.Detail == "" {
		p.Detail = err.Error()
	}
	if e, ok := errors.AsType[*variant.Error](err); ok {
		p.Option, p.Suggestion = e.Option, e.Suggestion
	}
	if e, ok := errors.AsType[*resize.UnsupportedError](err); ok {
		p.Option = e.Option
	}
	return p
}

// RetryAfterSeconds is Retry-After for errors whose cause may be over in a moment.
const RetryAfterSeconds = "2"

const (
	errorMaxAge      = "public, max-age=60" // how long others may keep an error
	retryAfterAnHour = "3600"               // the time over which versions are counted
)

// errorControl is Cache-Control of an error. Caches may keep what is wrong with the URL or
// the original, but not what is wrong with this request, this server or an origin. A
// picture may leave quarantine at any moment, and how much memory there is depends on the
// server.
func errorControl(t problemType) string {
	switch class := failure.Of(t.is); {
	case t.is == resize.ErrTooMuchMemory:
	case class == failure.NotFound, class == failure.Picture && t.status < http.StatusInternalServerError,
		t.status == http.StatusBadRequest, t.status == http.StatusMethodNotAllowed:
		return errorMaxAge
	}
	return noStore
}

// fail answers with an error: with a fallback, if there is one for it, or with a problem
// document.
func (s *server) fail(rec *responseRecorder, r *http.Request, t problemType, err error) {
	h := rec.Header()
	for _, name := range []string{"ETag", "Last-Modified", "Content-Disposition", "Server-Timing"} {
		h.Del(name)
	}
	s.safeHeaders(h)
	s.popularity.setCold(h)
	h.Set(headerCacheControl, errorControl(t))
	s.forbidOutdated(rec)
	switch t.status {
	case http.StatusBadGateway, http.StatusServiceUnavailable:
		h.Set("Retry-After", RetryAfterSeconds)
	case http.StatusTooManyRequests:
		h.Set("Retry-After", retryAfterAnHour)
	case http.StatusMethodNotAllowed:
		h.Set("Allow", "GET, HEAD")
	}
	if s.fallback(rec, r, t) {
		return
	}
	setWriteDeadline(rec, s.Now(), 0)
	h.Set(headerContentType, "application/problem+json")
	rec.WriteHeader(t.status)
	// The error is that of a client which has left.
	_ = json.NewEncoder(rec).Encode(newProblem(t.of(rec.request), err, rec.id))
}
