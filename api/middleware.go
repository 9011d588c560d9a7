package api

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/thumbery/thumbery/internal/excerpt"
	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/render"
)

// responseRecorder is the ResponseWriter of all handlers. It records what is logged and
// counted.
type responseRecorder struct {
	http.ResponseWriter
	id        string
	outcome   string
	cause     error
	request   request // zero until the URL is parsed and permitted
	epoch     uint64  // of its picture, when what the answer is made of was opened, or before
	steps     []render.Step
	work      context.Context // of the request that has done the work, if it was another
	status    int             // 0 until the header is written
	bytes     int64           // of the body
	truncated bool            // the body ended early: the client left, or it could not be read
	failed    bool            // the answer is that to an error
	refusal   error           // why http.ServeContent refused the request; its own answer is discarded
}

// recorderOf returns the recorder that a handler got as its ResponseWriter.
func recorderOf(w http.ResponseWriter) *responseRecorder { return w.(*responseRecorder) }

func (rec *responseRecorder) WriteHeader(status int) {
	if refusal := refusals[status]; refusal != nil && !rec.failed {
		rec.refusal = refusal
		return
	}
	if rec.status == 0 && status >= http.StatusOK {
		rec.status = status
	}
	rec.ResponseWriter.WriteHeader(status)
}

func (rec *responseRecorder) Write(p []byte) (int, error) {
	if rec.refusal != nil {
		return len(p), nil
	}
	rec.implyStatus()
	n, err := rec.ResponseWriter.Write(p)
	rec.bytes += int64(n)
	return n, err
}

// ReadFrom passes a file on to net/http, which has the kernel send it.
func (rec *responseRecorder) ReadFrom(r io.Reader) (int64, error) {
	rec.implyStatus()
	n, err := io.Copy(rec.ResponseWriter, r)
	rec.bytes += n
	if l, ok := r.(*io.LimitedReader); ok && l.N > 0 { // http.ServeContent reports no errors
		rec.truncated = true
	}
	return n, err
}

// implyStatus records the status of a body without a WriteHeader before it.
func (rec *responseRecorder) implyStatus() {
	if rec.status == 0 {
		rec.status = http.StatusOK
	}
}

// Unwrap is for http.ResponseController.
func (rec *responseRecorder) Unwrap() http.ResponseWriter { return rec.ResponseWriter }

func (s *server) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := s.Now()
		rec := &responseRecorder{ResponseWriter: w}
		defer rec.abortOnPanic()
		id := r.Header[headerRequestID]
		if len(id) != 1 || !isSafeID(id[0]) {
			id = []string{strconv.FormatUint(rand.Uint64(), 36)}
		}
		rec.id = id[0]
		w.Header()[headerRequestID] = id
		next.ServeHTTP(rec, r)
		now := s.Now()
		took := now.Sub(began)
		if s.Observer != nil {
			s.Observer.Answered(r.Context(), rec.answer(took))
		}
		if rec.status < http.StatusBadRequest {
			s.Hottest.add(rec.request, now)
		}
		s.logRequest(r, rec, now, took)
		if d, ok := w.(*discard); ok {
			d.outcome = rec.outcome
		}
	})
}

// logRequest writes a line of the access log. It bypasses slog.Logger, which would look
// up the line of code that called it.
func (s *server) logRequest(r *http.Request, rec *responseRecorder, now time.Time, took time.Duration) {
	level := slog.LevelInfo
	if rec.status >= 500 && rec.status != http.StatusNotImplemented { // 501 is for the client to fix
		level = slog.LevelError
	}
	ctx := r.Context()
	if !s.Log.Enabled(ctx, level) {
		return
	}
	line := slog.NewRecord(now, level, "request", 0)
	line.AddAttrs(
		slog.String("id", rec.id), slog.String("method", r.Method), slog.String("path", excerpt.Of(r.URL.EscapedPath())),
		slog.Int("status", rec.status), slog.Int64("bytes", rec.bytes),
		slog.String("outcome", rec.outcome), slog.Duration("took", took), slog.String("client", r.RemoteAddr),
	)
	if rec.cause != nil {
		line.AddAttrs(slog.Any("cause", rec.cause))
	}
	// An error of the log cannot be logged.
	_ = s.Log.Handler().Handle(ctx, line)
}

// found notes what the answer is made of.
func (rec *responseRecorder) found(r *pipeline.Result) {
	rec.outcome, rec.epoch = outcomeOf(r), r.Epoch
	if r.Shared {
		rec.work = r.Work
	} else {
		rec.steps = r.Steps
	}
}

// answer is what the Observer is told.
func (rec *responseRecorder) answer(took time.Duration) Answer {
	a := Answer{Outcome: rec.outcome, Status: rec.status, Bytes: rec.bytes, Took: took, Steps: rec.steps, Work: rec.work, Cause: rec.cause}
	if q := rec.request.parsedPath; q != nil {
		a.Key, a.Variant = q.key, &q.variant
	}
	return a
}

const (
	// maxRequestID bounds the ids of clients, in bytes.
	maxRequestID = 128
	idCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
)

// isSafeID reports that an id from a client or proxy can be logged as it is.
func isSafeID(id string) bool {
	return id != "" && len(id) <= maxRequestID && strings.Trim(id, idCharacters) == ""
}

// abortOnPanic is deferred. It closes the connection after a panic that catchPanic did
// not turn into an answer. net/http would do the same, but log it at a level that is not
// shown.
func (rec *responseRecorder) abortOnPanic() {
	switch value := recover(); value {
	case nil:
		return
	case http.ErrAbortHandler:
	default:
		panics.Recovered("handler", value, "id", rec.id)
	}
	panic(http.ErrAbortHandler)
}

// handle turns the error or panic of a handler into an answer.
func (s *server) handle(f func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.popularity.setCold(w.Header())
		err := catchPanic(f, w, r)
		if err == nil {
			return
		}
		if errors.Is(err, context.Canceled) && context.Cause(r.Context()) == http.ErrServerClosed {
			err = http.ErrServerClosed // and not the client
		}
		t := problemTypeOf(err)
		rec := recorderOf(w)
		rec.outcome, rec.cause = t.name, err
		if rec.status != 0 { // the client must not take what it got for the whole body
			s.Log.ErrorContext(r.Context(), "cannot send the rest of a response", "id", rec.id, "cause", err)
			panic(http.ErrAbortHandler)
		}
		rec.failed, rec.refusal = true, nil
		s.fail(rec, r, t, err)
	}
}

func catchPanic(f func(http.ResponseWriter, *http.Request) error, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			panic(p)
		default:
			err = panics.Recovered("handler", p, "id", recorderOf(w).id)
		}
	}()
	return f(w, r)
}
