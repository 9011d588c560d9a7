package api

import (
	"net/http"

	"github.com/go-chi/chi/v5/middleware"

	"github.com/thumbery/thumbery/internal/panics"
)

// recoverPanics answers with 500 where a handler of the admin listener panics, or
// cuts the connection if the answer has begun. net/http would recover, too, and tell
// the log of it at a level that is not shown.
func recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		watched := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer func() {
			value := recover()
			if value == nil {
				return
			}
			if value != http.ErrAbortHandler {
				panics.Recovered("admin", value, "path", shortened(r.URL.EscapedPath()))
			}
			if value == http.ErrAbortHandler || watched.Status() != 0 {
				panic(http.ErrAbortHandler)
			}
			writeJSON(w, http.StatusInternalServerError, map[string]string{"error": "a panic; see the log"})
		}()
		next.ServeHTTP(watched, r)
	})
}
