// Package admin answers HTTP for the operator: health, readiness, metrics, profiles,
// the cache, switches, bucket notifications and priming. Its listener must not be
// reachable by the public.
package admin

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/variant"
)

// Config is the configuration of the admin listener. Metrics, Forget, Stock and Log are
// required.
type Config struct {
	Checks  []Check
	Metrics http.Handler
	// Forget removes an original and everything made of it from the cache.
	Forget func(variant.Key) (pipeline.Forgotten, error)
	// Stock returns what is in the cache, as the JSON of GET /cache. It must not walk the
	// cache.
	Stock func() any
	// Switches can be read and set at /switches.
	Switches []Switch
	// Hook, if not nil, receives bucket notifications at /hooks/s3.
	Hook *Hook
	// Invalidations, if not nil, answers GET /invalidations, by which other nodes ask what to
	// forget.
	Invalidations http.Handler
	// Explain, if not nil, answers GET /explain/<ops>/<key>: see ExplainHandler.
	Explain http.Handler
	// Priming, if not nil, fills the cache at /prime.
	Priming *Priming
	// Page, if not nil, is mounted at /ui: that of package ui.
	Page http.Handler
	// Token is what requests send as Authorization: Bearer, but for /healthz, /readyz,
	// /hooks/s3 and the files of the page; "" asks nobody for it.
	Token string
	// Draining, if not nil, reports that the server is about to stop.
	Draining func() bool
	// Hosts are the host names of the listener besides localhost and addresses, in lower
	// case and without a port.
	Hosts []string
	Log   *slog.Logger

	refusals *refusals // set by New
}

// maxPolls bounds the requests of other nodes that wait for something to forget.
const maxPolls = 1024

// New returns the handler of the admin listener. To keep out the pages that an administrator's
// browser shows, it refuses requests for other hosts without the token, and those of other
// sites that change something.
func New(c Config) http.Handler {
	c.refusals = &refusals{log: c.Log}
	r := chi.NewRouter()
	r.Use(recoverPanics, c.authorize, sameOrigin)
	r.Get("/cache", func(w http.ResponseWriter, _ *http.Request) { api.WriteJSON(w, http.StatusOK, c.Stock()) })
	r.Delete("/cache/*", c.forget)
	r.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		api.WriteJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	r.Get("/readyz", c.readyz())
	switches := &switchboard{switches: c.Switches, log: c.Log}
	r.Get("/switches", switches.show)
	r.Patch("/switches", switches.change)
	r.Post("/hooks/s3", (&hookHandler{c.Hook, c.Log, c.refusals}).serve)
	if c.Invalidations != nil {
		r.With(middleware.Throttle(maxPolls)).Method(http.MethodGet, "/invalidations", c.Invalidations)
	}
	if c.Explain != nil {
		r.Method(http.MethodGet, "/explain/*", http.StripPrefix("/explain", c.Explain))
	}
	if c.Priming != nil {
		r.Post("/prime", newPrimeHandler(c.Priming, c.Log).serve)
	}
	if c.Page != nil {
		r.Mount("/ui", c.Page)
	}
	r.Handle("/metrics", c.Metrics)
	// pprof.Cmdline is left out: there may be secrets on the command line.
	r.Method(http.MethodGet, "/debug/pprof", http.RedirectHandler("/debug/pprof/", http.StatusMovedPermanently))
	r.Get("/debug/pprof/*", profile(pprof.Index))
	r.Get("/debug/pprof/profile", profile(pprof.Profile))
	r.Get("/debug/pprof/trace", profile(pprof.Trace))
	r.Get("/debug/pprof/symbol", pprof.Symbol)
	r.Post("/debug/pprof/symbol", pprof.Symbol)
	return r
}

// forget answers DELETE /cache/<key> with how much was removed. A key that is not in the
// cache is no error.
func (c Config) forget(w http.ResponseWriter, r *http.Request) {
	key, err := variant.ParseKey(strings.TrimPrefix(r.URL.Path, "/cache/"))
	if err != nil {
		api.WriteError(w, http.StatusBadRequest, err.Error())
		return
	}
	forgotten, err := c.Forget(key)
	if err != nil {
		c.Log.Error("cannot remove a picture from the cache", "key", key, "cause", err)
		api.WriteJSON(w, http.StatusInternalServerError, map[string]any{"error": err.Error(), "removed": forgotten})
		return
	}
	c.Log.Info("removed a picture from the cache", "key", key, "originals", forgotten.Originals, "derivatives", forgotten.Derivatives)
	api.WriteJSON(w, http.StatusOK, forgotten)
}

// readAll reads a body of at most limit bytes. If ok is false, it has answered.
func readAll(w http.ResponseWriter, r *http.Request, limit int64) (body []byte, ok bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err == nil {
		return body, true
	}
	status := http.StatusBadRequest
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		status = http.StatusRequestEntityTooLarge
	}
	api.WriteError(w, status, err.Error())
	return nil, false
}
