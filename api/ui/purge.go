package ui

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/cache/eviction"
)

// Purging says what a purge of the cache would remove. All fields are required.
type Purging struct {
	// Limits reads the limits from a query. Its error is for the client.
	Limits func(url.Values) (eviction.Policy, error)
	// DryRun returns what a purge with these limits would remove, as JSON. It is called by one goroutine at a
	// time, and ends when ctx does.
	DryRun func(ctx context.Context, limits eviction.Policy) (any, error)
}

// handler answers GET /ui/api/purge with a dry run by the limits in the query. Without any, it counts what is there.
// There is one at a time, as it reads the whole cache directory.
func (p *Purging) handler() http.HandlerFunc {
	var running sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) {
		limits, err := p.Limits(r.URL.Query())
		if err != nil {
			api.WriteError(w, http.StatusBadRequest, err.Error())
			return
		}
		if !running.TryLock() {
			w.Header().Set("Retry-After", "5")
			api.WriteError(w, http.StatusConflict, "another dry run is running: wait until it ends")
			return
		}
		defer running.Unlock()
		// It may take longer than a request may take to arrive, after which net/http would end its context.
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
		summary, err := p.DryRun(r.Context(), limits)
		if err != nil {
			api.WriteError(w, http.StatusInternalServerError, err.Error())
			return
		}
		api.WriteJSON(w, http.StatusOK, summary)
	}
}
