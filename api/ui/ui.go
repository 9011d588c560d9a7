// Package ui is the page for people: try options on pictures, ask why one looks as it does,
// and watch the server. Its files are embedded in the program. The page loads nothing from
// other hosts, and shows everything that it gets as text.
package ui

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/variant"
)

// Config is the configuration of the page. Picture is required.
type Config struct {
	// Picture is the handler of the public listener. The page gets pictures from it below
	// /ui/picture/, so that it permits what the public listener does, and no more.
	Picture http.Handler
	// Explain, if not nil, answers GET /OPS/KEY with a report in JSON.
	Explain http.Handler
	variant.Rules
	// Keys are those of the public listener, and sign only with CanSign.
	Keys *variant.Keyring
	// CanSign says that everyone who can use the listener may have URLs signed.
	CanSign bool
	// CanChange says that the listener has /switches and /cache, which change something.
	CanChange bool
	// AdminPage is the URL of the page that can change something, where this one cannot; ""
	// is none.
	AdminPage string
	Writes    func(variant.Format) bool // reports whether this server can write a format
	// Watermarks are the names of those that the server has.
	Watermarks []string
	List       Lister
	FirstKey   variant.Key // of the picture that is shown first; "" for one that List has
	// Events, if not nil, are sent to those who watch the server.
	Events *Events
	// Purging, if not nil, says what a purge with other limits would remove.
	Purging *Purging
	Version string
}

type page struct{ Config }

// New returns the handler of everything below /ui/, to be mounted there. What is below
// /ui/api/ and /ui/picture/ is for those who may use the listener; all else is files.
func New(c Config) http.Handler {
	p := &page{c}
	r := chi.NewRouter()
	r.Use(safeHeaders)
	r.Group(p.work)
	r.Get("/*", serveFile)
	r.Head("/*", serveFile)
	return r
}

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
				api.WriteError(w, http.StatusMisdirectedRequest, "this page is for localhost and addresses only")
				return
			}
			mounted.ServeHTTP(w, r)
		default:
			public.ServeHTTP(w, r)
		}
	})
}

// work adds what answers the page. It works for no page of another site: some of it costs
// much, and pictures are for those who may use the listener.
func (p *page) work(r chi.Router) {
	r.Use(sameOrigin)
	r.Get("/api/about", p.about)
	r.With(middleware.Throttle(maxLists)).Get("/api/keys", p.keys)
	r.Get("/api/url", p.url)
	r.Get("/api/snippets", p.snippets)
	if p.Explain != nil {
		r.Get("/api/explain/*", below("/explain", p.Explain))
	}
	if p.Events != nil {
		r.Get("/api/events", p.Events.ServeHTTP)
	}
	if p.Purging != nil {
		r.Get("/api/purge", p.Purging.handler())
	}
	r.Get("/picture/*", p.picture)
}

func sameOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if api.IsCrossOrigin(r) {
			api.WriteError(w, http.StatusForbidden, "a page of another site may not ask this")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// contentPolicy permits nothing inline, and nothing from other hosts. Pictures are shown from
// memory (blob:), as each is fetched with the admin token.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func safeHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// picture answers as the public listener would. The time by which that wants its answer to
// be sent does not count for the next request of the connection.
func (p *page) picture(w http.ResponseWriter, r *http.Request) {
	defer func() { _ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) }()
	below("/picture", p.Picture)(w, r)
}

// below has h answer for what follows name in the path, as if nothing had been routed yet.
func below(name string, h http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(context.WithValue(r.Context(), chi.RouteCtxKey, nil))
		before, _, _ := strings.Cut(r.URL.Path, name+"/")
		http.StripPrefix(before+name, h).ServeHTTP(w, r)
	}
}
