package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

var (
	errMethod       = failure.New(failure.Request, "method not allowed")
	errRange        = failure.New(failure.Request, "no such part")
	errPrecondition = failure.New(failure.Request, "precondition failed")
)

// refusals are the statuses by which http.ServeContent refuses a request.
var refusals = map[int]error{
	http.StatusRequestedRangeNotSatisfiable: errRange,
	http.StatusPreconditionFailed:           errPrecondition,
}

// statusClientGone is nginx's for a client that left before the answer. It is
// only ever logged and counted.
const statusClientGone = 499

// kind is a row of the table from errors to answers.
type kind struct {
	is     error
	status int    // 0 for that of the error's class
	name   string // the last part of the problem's type
	title  string
	// detail is told to the public instead of the error's own words, which may
	// name an origin; where it is "", the error speaks for itself.
	detail string
}

// kinds is that table; the first row that fits is taken.
var kinds = []kind{
	{variant.ErrOptions, 0, "bad-options", "The options in the URL are wrong", ""},
	{variant.ErrKey, 0, "bad-key", "The key in the URL is wrong", ""},
	{variant.ErrForbidden, 403, "forbidden", "This URL is not permitted", ""},
	{storage.ErrNotFound, 0, "not-found", "No such picture", "Every place that could have this picture was asked, and none has it."},
	{errMethod, 405, "method", "Method not allowed", "Pictures are asked for by GET or HEAD."},
	{errBody, 413, "body", "The request has a body", "Pictures are asked for without a body; this one is too long, or did not come."},
	{errPrecondition, 412, "precondition", "The precondition does not hold", "If-Match or If-Unmodified-Since asks for another version than there is."},
	{errRange, 416, "range", "No such part", "The part that Range asks for is not in this file; its length is in Content-Range."},
	{header.ErrNotPicture, 415, "not-a-picture", "This is not a picture that can be resized", "The file is there, but of no kind that is resized here. Its bytes are at /raw/<key>."},
	{header.ErrBroken, 0, "broken-picture", "The picture is broken", "The file is damaged, cut short or empty. Upload it again."},
	{pipeline.ErrQuarantined, 0, "quarantined", "This picture is left alone for a while", "A server ended while it worked on this picture, and so it is left alone for an hour. Its bytes are at /raw/<key>. Upload another version of it, or have the operator forget it."},
	{header.ErrTooLarge, 0, "too-many-pixels", "The picture is too large", ""},
	{resize.ErrBytes, 0, "does-not-fit", "The picture does not fit into that many bytes", ""},
	{pipeline.ErrTooManyBytes, 0, "too-many-bytes", "The file is too large", "The file has more bytes than are fetched here."},
	{pipeline.ErrTooManyVersions, 429, "too-many-versions", "Too many versions of this picture", "More versions (v_) of this picture were asked for within an hour than are fetched here. Those that are kept are served: leave v_ out, or try again later."},
	{pipeline.ErrTooSlow, 503, "too-slow", "The picture takes too long", "Making this picture was stopped, as it took too long. Ask for a smaller one, or try again later."},
	{resize.ErrNoMemory, 0, "no-memory", "Out of memory", "Memory ran out while this picture was made. Ask for a smaller one, or try again later."},
	{gate.ErrBusy, 0, "busy", "Too busy", "More pictures are being made than fit. Try again in a moment."},
	{context.Canceled, 0, "client-gone", "The client left", "Nobody waits for this answer."},
	{pipeline.ErrReadOnly, 0, "read-only", "Nothing is fetched at the moment", "This server serves only what it has at the moment, and this picture is not among it. Try again later."},
	{storage.ErrRefused, 0, "origin-refuses", "The origin refuses this picture", "The place where the originals are works, and does not let this server have this one."},
	{storage.ErrTransient, 0, "busy", "Too busy", "This server could not ask for the original just now. Try again in a moment."},
	{storage.ErrUnavailable, 0, "origin-unavailable", "The origin does not answer", "The place where the originals are cannot be reached. Try again in a moment."},
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

var internal = kind{nil, 500, "internal", "Something went wrong here", "The cause is in the log of the server, under the request id."}

// kindOf finds the row of an error.
func kindOf(err error) kind {
	if e, ok := errors.AsType[*resize.UnsupportedError](err); ok {
		return kind{e, 501, "unsupported", "This option is not available", "The option " + e.Option + " is understood, but not available on this server."}
	}
	if _, ok := errors.AsType[*panics.Error](err); ok {
		return internal
	}
	for _, k := range kinds {
		if errors.Is(err, k.is) {
			if k.status == 0 {
				k.status = statuses[failure.Of(k.is)]
			}
			return k
		}
	}
	return internal
}

// Classify returns the status for an error, and the last part of its problem type.
func Classify(err error) (status int, name string) {
	k := kindOf(err)
	return k.status, k.name
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

func newProblem(k kind, err error, requestID string) problem {
	p := problem{
		Type: "urn:thumbery:" + k.name, Title: k.title, Status: k.status, Detail: k.detail, RequestID: requestID,
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

// RetryAfterSeconds is Retry-After where the cause may be over in a moment.
const RetryAfterSeconds = "2"

const (
	errorMaxAge      = "public, max-age=60" // how long others may keep an error
	retryAfterAnHour = "3600"               // for which versions are counted
)

// errorControl is Cache-Control of an error: what is our fault, or the fault of
// this one request, is no answer for the next. A picture in quarantine may be
// forgotten, and so released, at any moment.
func errorControl(k kind) string {
	switch class := failure.Of(k.is); {
	case class == failure.NotFound, class == failure.Picture && k.status < http.StatusInternalServerError,
		k.status == http.StatusBadRequest, k.status == http.StatusMethodNotAllowed:
		return errorMaxAge
	}
	return "no-store"
}

// fail answers with an error: with a fallback, if there is one for it, or with a problem
// document.
func (s *server) fail(rec *responseRecorder, r *http.Request, k kind, err error) {
	h := rec.Header()
	for _, name := range []string{"ETag", "Last-Modified", "Content-Disposition", "Server-Timing"} {
		h.Del(name)
	}
	s.safeHeaders(h)
	s.popularity.setCold(h)
	h.Set(headerCacheControl, errorControl(k))
	switch k.status {
	case http.StatusBadGateway, http.StatusServiceUnavailable:
		h.Set("Retry-After", RetryAfterSeconds)
	case http.StatusTooManyRequests:
		h.Set("Retry-After", retryAfterAnHour)
	case http.StatusMethodNotAllowed:
		h.Set("Allow", "GET, HEAD")
	}
	if s.fallback(rec, r, k) {
		return
	}
	setWriteDeadline(rec, s.Now(), 0)
	h.Set(headerContentType, "application/problem+json")
	rec.WriteHeader(k.status)
	// The error is that of a client which has left.
	_ = json.NewEncoder(rec).Encode(newProblem(k, err, rec.id))
}
