package api

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5/middleware"
)

// exchange is what is to be logged and counted of one request, found out while
// it is answered.
type exchange struct {
	id      string
	outcome string
	cause   error
}

type exchangeKey struct{}

func exchangeOf(r *http.Request) *exchange {
	e, _ := r.Context().Value(exchangeKey{}).(*exchange)
	return e
}

func noteOutcome(r *http.Request, o outcome) { exchangeOf(r).outcome = o.String() }

// answer gives every request an id, and logs and counts its answer.
func (s *server) answer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := s.Now()
		e := &exchange{id: requestID(r.Header.Get("X-Request-Id"))}
		w.Header().Set("X-Request-Id", e.id)
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(ww, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, e)))
		took := s.Now().Sub(began)
		if s.Observer != nil {
			s.Observer.Answered(e.outcome, ww.Status(), int64(ww.BytesWritten()), took)
		}
		level := slog.LevelInfo
		attrs := []slog.Attr{
			slog.String("id", e.id), slog.String("method", r.Method), slog.String("path", r.URL.EscapedPath()),
			slog.Int("status", ww.Status()), slog.Int("bytes", ww.BytesWritten()),
			slog.String("outcome", e.outcome), slog.Duration("took", took), slog.String("client", r.RemoteAddr),
		}
		if e.cause != nil {
			attrs = append(attrs, slog.Any("cause", e.cause))
		}
		if ww.Status() >= 500 {
			level = slog.LevelError
		}
		s.Log.LogAttrs(r.Context(), level, "request", attrs...)
	})
}

// handle turns what a handler returns, or its panic, into an answer.
func (s *server) handle(f func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := recovered(f, w, r)
		if err == nil {
			return
		}
		k := kindOf(err)
		e := exchangeOf(r)
		e.outcome, e.cause = k.name, err
		s.fail(w, k, err, e.id)
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
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f(w, r)
}

// maxRequestID bounds what is taken over from others into the log.
const maxRequestID = 128

// requestID takes over the id that a proxy has given, if it is harmless.
func requestID(given string) string {
	harmless := given != "" && len(given) <= maxRequestID && !strings.ContainsFunc(given, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
	})
	if harmless {
		return given
	}
	return strconv.FormatUint(rand.Uint64(), 36)
}
