package api

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/variant"
)

// Check is one thing that must work for the service to be ready. The error is
// shown to whoever may reach the admin listener.
type Check struct {
	Name string
	Do   func(context.Context) error
}

// checkTimeout bounds one check: an orchestrator asks every few seconds.
const checkTimeout = 5 * time.Second

// AdminConfig is what the admin side of the service is made of.
type AdminConfig struct {
	Checks  []Check
	Metrics http.Handler
	// Forget removes a picture from the cache; what it returns is the answer.
	Forget func(variant.Key) (pipeline.Forgotten, error)
	// Stock says what is in the cache, without going through it.
	Stock func() any
	Log   *slog.Logger
}

// NewAdmin returns the handler of the admin listener, which must not be
// reachable by the public: /healthz, /readyz, /metrics, /debug/pprof,
// GET /cache, and DELETE /cache/<key>.
func NewAdmin(c AdminConfig) http.Handler {
	r := chi.NewRouter()
	r.Get("/cache", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, c.Stock()) })
	r.Delete("/cache/*", c.forget)
	r.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	r.Get("/readyz", func(w http.ResponseWriter, r *http.Request) { ready(w, r, c.Checks) })
	r.Handle("/metrics", c.Metrics)
	r.HandleFunc("/debug/pprof/*", pprof.Index)
	r.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	r.HandleFunc("/debug/pprof/profile", pprof.Profile)
	r.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	r.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return r
}

// readiness is the answer of /readyz.
type readiness struct {
	Ready  bool      `json:"ready"`
	Checks []checked `json:"checks"`
}

type checked struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

func ready(w http.ResponseWriter, r *http.Request, checks []Check) {
	answer := readiness{Ready: true}
	for i, err := range checkAll(r.Context(), checks) {
		c := checked{Name: checks[i].Name, OK: err == nil}
		if err != nil {
			answer.Ready = false
			c.Error = err.Error()
		}
		answer.Checks = append(answer.Checks, c)
	}
	status := http.StatusOK
	if !answer.Ready {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, answer)
}

// checkAll does all checks at once and returns their errors in order.
func checkAll(ctx context.Context, checks []Check) []error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	errs := make([]error, len(checks))
	var all sync.WaitGroup
	for i, c := range checks {
		all.Go(func() { errs[i] = c.within(ctx) })
	}
	all.Wait()
	return errs
}

// within does not wait longer than ctx allows, also for a check that does: a
// disk that hangs knows no contexts.
func (c Check) within(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- c.Do(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("no answer: %w", ctx.Err())
	}
}

// forget answers DELETE /cache/<key> with what was removed of the picture; that
// nothing was there is no error.
func (c AdminConfig) forget(w http.ResponseWriter, r *http.Request) {
	key, err := variant.ParseKey(strings.TrimPrefix(r.URL.Path, "/cache/"))
	if err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	forgotten, err := c.Forget(key)
	if err != nil {
		c.Log.Error("cannot forget a picture", "key", key, "cause", err)
		writeJSON(w, http.StatusInternalServerError, map[string]any{"error": err.Error(), "removed": forgotten})
		return
	}
	c.Log.Info("forgot a picture", "key", key, "originals", forgotten.Originals, "derivatives", forgotten.Derivatives)
	writeJSON(w, http.StatusOK, forgotten)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// A client that does not take the body any more is no concern of ours.
	_ = json.NewEncoder(w).Encode(v)
}
