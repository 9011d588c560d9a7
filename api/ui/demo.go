package ui

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/thumbery/thumbery/api"
)

// Demo is the public handler with the page below /ui/, for localhost and addresses only. The bare host leads to
// it.
func Demo(public, page http.Handler) http.Handler {
	mounted := chi.NewRouter()
	mounted.Mount("/ui", page)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
			w.Header().Set("Cache-Control", "no-store") // another server may listen here tomorrow
			http.Redirect(w, r, "/ui/", http.StatusSeeOther)
		case r.URL.Path == "/ui" || strings.HasPrefix(r.URL.Path, "/ui/"):
			if !api.IsOwnHost(r) {
				api.WriteJSON(w, http.StatusMisdirectedRequest, map[string]string{"error": "this page is for localhost and addresses only"})
				return
			}
			mounted.ServeHTTP(w, r)
		default:
			public.ServeHTTP(w, r)
		}
	})
}
