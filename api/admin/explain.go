package admin

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/explain"
)

// Bounds on explanations, which cost more than a hit.
const (
	maxExplained   = 4    // at once, and one of them with make=1
	maxExplainPath = 4096 // bytes; no path that is served is longer than 2 KiB
	explainTimeout = 10 * time.Second
	makeTimeout    = 2 * time.Minute
)

// explained are the headers of a client on which a picture may depend, and the parameters by
// which a script may set those that fetch does not let it.
var explained = map[string]string{
	"Accept": "accept", "Save-Data": "save-data", "Sec-Ch-Dpr": "dpr", "Sec-Ch-Width": "width", "Dpr": "", "Width": "",
}

// explainer answers why a picture looks as it does.
type explainer struct {
	engine  *explain.Engine
	running chan struct{} // has a token for each explanation
	making  sync.Mutex    // is held by the one with make=1
}

// ExplainHandler answers GET /OPTIONS/KEY, the path of a picture as the public listener gets
// it, with an explain.Report as JSON. The client's headers are those of the request, or the
// parameters accept, save-data, dpr and width. With make=1 the picture is made first.
func ExplainHandler(e *explain.Engine) http.Handler {
	return &explainer{engine: e, running: make(chan struct{}, maxExplained)}
}

// ServeHTTP implements http.Handler.
func (e *explainer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := explain.Question{Path: r.URL.Path, Header: clientHeader(r)}
	makes := r.URL.Query().Get("make") // FormValue would read the body, too
	var err error
	if q.Make, err = strconv.ParseBool(makes); err != nil && makes != "" {
		api.WriteError(w, http.StatusBadRequest, "make is 1 or 0")
		return
	}
	if len(q.Path) > maxExplainPath {
		api.WriteError(w, http.StatusRequestURITooLong, "no URL of a picture is longer than "+strconv.Itoa(maxExplainPath)+" bytes")
		return
	}
	if q.Make && api.IsCrossOrigin(r) {
		api.WriteError(w, http.StatusForbidden, "a page of another site may not have pictures made")
		return
	}
	select {
	case e.running <- struct{}{}:
		defer func() { <-e.running }()
	default:
		tooMany(w)
		return
	}
	timeout := explainTimeout
	if q.Make {
		if !e.making.TryLock() {
			tooMany(w)
			return
		}
		defer e.making.Unlock()
		timeout = makeTimeout
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	api.WriteJSON(w, http.StatusOK, e.engine.Explain(ctx, q))
}

func tooMany(w http.ResponseWriter) {
	w.Header().Set("Retry-After", api.RetryAfterSeconds)
	api.WriteError(w, http.StatusServiceUnavailable, "too many explanations at once: try again in a moment")
}

// clientHeader returns the headers that are explained.
func clientHeader(r *http.Request) http.Header {
	h, query := http.Header{}, r.URL.Query()
	for name, parameter := range explained {
		if values := r.Header.Values(name); len(values) > 0 {
			h[name] = values
		}
		if parameter != "" && query.Has(parameter) {
			h[name] = query[parameter]
		}
	}
	return h
}
