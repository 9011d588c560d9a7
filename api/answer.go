package api

import (
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/thumbery/thumbery/internal/panics"
)

// exchange is one request and its answer: the ResponseWriter that all handlers
// get, with what is to be logged and counted.
type exchange struct {
	http.ResponseWriter
	id      string
	outcome string
	cause   error
	asked   request // what was asked for, once that is understood and permitted
	status  int     // 0 until the header is written
	bytes   int64   // of the body
	short   bool    // the body ended early: the client left, or it could not be read
	failing bool    // the answer is a problem document
	refused error   // what http.ServeContent has refused, and we say in our own way
}

// exchangeOf returns the exchange behind a handler's ResponseWriter.
func exchangeOf(w http.ResponseWriter) *exchange { return w.(*exchange) }

func (e *exchange) WriteHeader(status int) {
	if refusal := refusals[status]; refusal != nil && !e.failing {
		e.refused = refusal
		return
	}
	if e.status == 0 && status >= http.StatusOK {
		e.status = status
	}
	e.ResponseWriter.WriteHeader(status)
}

func (e *exchange) Write(p []byte) (int, error) {
	if e.refused != nil {
		return len(p), nil // its plain text
	}
	e.begin()
	n, err := e.ResponseWriter.Write(p)
	e.bytes += int64(n)
	return n, err
}

// ReadFrom lets a file through to the server, which has the kernel send it.
func (e *exchange) ReadFrom(r io.Reader) (int64, error) {
	e.begin()
	n, err := io.Copy(e.ResponseWriter, r)
	e.bytes += n
	if l, ok := r.(*io.LimitedReader); ok && l.N > 0 { // what http.ServeContent does not tell
		e.short = true
	}
	return n, err
}

// begin notes the status of a body that no WriteHeader came before.
func (e *exchange) begin() {
	if e.status == 0 {
		e.status = http.StatusOK
	}
}

// Unwrap is for http.ResponseController.
func (e *exchange) Unwrap() http.ResponseWriter { return e.ResponseWriter }

// answer gives every request an id, and logs and counts its answer.
func (s *server) answer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := s.Now()
		e := &exchange{ResponseWriter: w}
		defer e.cutOff()
		given := r.Header[headerRequestID]
		if len(given) != 1 || !harmless(given[0]) {
			given = []string{strconv.FormatUint(rand.Uint64(), 36)}
		}
		e.id = given[0]
		w.Header()[headerRequestID] = given
		next.ServeHTTP(e, r)
		now := s.Now()
		took := now.Sub(began)
		if s.Observer != nil {
			s.Observer.Answered(e.outcome, e.status, e.bytes, took)
		}
		s.log(r, e, now, took)
	})
}

// cutOff is deferred, and ends the connection after a panic that no handler has
// answered. net/http would, too, and tell the log at a level that is not shown.
func (e *exchange) cutOff() {
	switch value := recover(); value {
	case nil:
		return
	case http.ErrAbortHandler:
	default:
		panics.Recovered("handler", value, "id", e.id)
	}
	panic(http.ErrAbortHandler)
}

// log writes a line of the access log. It goes past slog.Logger, which would
// find out what line of code it was called from.
func (s *server) log(r *http.Request, e *exchange, now time.Time, took time.Duration) {
	level := slog.LevelInfo
	if e.status >= 500 && e.status != http.StatusNotImplemented { // which is the client's to mend
		level = slog.LevelError
	}
	ctx := r.Context()
	if !s.Log.Enabled(ctx, level) {
		return
	}
	line := slog.NewRecord(now, level, "request", 0)
	line.AddAttrs(
		slog.String("id", e.id), slog.String("method", r.Method), slog.String("path", Shortened(r.URL.EscapedPath())),
		slog.Int("status", e.status), slog.Int64("bytes", e.bytes),
		slog.String("outcome", e.outcome), slog.Duration("took", took), slog.String("client", r.RemoteAddr),
	)
	if e.cause != nil {
		line.AddAttrs(slog.Any("cause", e.cause))
	}
	// A log that cannot be written is not told of anywhere.
	_ = s.Log.Handler().Handle(ctx, line)
}

// loggedPath is how much of a path is logged: more than any that is right.
const loggedPath = 2048

// Shortened is text from a client as it goes into a log or an answer: at most 2 KiB.
func Shortened(s string) string {
	if len(s) > loggedPath {
		return s[:loggedPath] + "…"
	}
	return s
}

// handle turns what a handler returns, or its panic, into an answer.
func (s *server) handle(f func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.hotness.isCold(w.Header())
		err := recovered(f, w, r)
		if err == nil {
			return
		}
		k := kindOf(err)
		e := exchangeOf(w)
		e.outcome, e.cause = k.name, err
		if e.status != 0 { // in the middle of a body, which must not look whole
			s.Log.Error("answering failed in the middle of a body", "id", e.id, "cause", err)
			panic(http.ErrAbortHandler)
		}
		e.failing, e.refused = true, nil
		s.fail(e, r, k, err)
	}
}

// recovered calls f and makes an error of its panic.
func recovered(f func(http.ResponseWriter, *http.Request) error, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			panic(p)
		default:
			err = panics.Recovered("handler", p, "id", exchangeOf(w).id)
		}
	}()
	return f(w, r)
}

// maxRequestID bounds what is taken over from others into the log.
const maxRequestID = 128

// harmless reports that an id that a proxy has given can be taken over.
func harmless(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for i := range len(id) {
		c := id[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}
