package admin

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/internal/panics"
)

// Check is a readiness check.
type Check struct {
	Name string
	// Do returns why the check fails. The error is shown to every client of the admin
	// listener that has its token. Do is not called again while it runs.
	Do func(context.Context) error
	// Degrades says that a failure leaves the server ready, but degraded. If the origin is
	// down, a load balancer must not take out all servers at once, with what they have in
	// their caches.
	Degrades bool
	// State, if not nil, returns more in a word, such as "open" for a circuit breaker.
	State func() string
}

const (
	// checkTimeout bounds a check. Orchestrators probe every few seconds.
	checkTimeout = 5 * time.Second
	// degradeTimeout bounds a check that Degrades: it must not delay the answer so long
	// that the probe fails, in Kubernetes after a second.
	degradeTimeout = 750 * time.Millisecond
)

// readiness is the answer of /readyz.
type readiness struct {
	Ready    bool          `json:"ready"`
	Degraded bool          `json:"degraded"` // a check failed
	Draining bool          `json:"draining,omitempty"`
	Checks   []checkResult `json:"checks"`
}

type checkResult struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	State string `json:"state,omitempty"`
	Error string `json:"error,omitempty"`
}

// readyz answers /readyz. While the server drains, it is not ready, whatever the checks say.
//
// A load balancer, which does not have the token, asks several times a second. For it, only
// those checks run that decide whether the server is ready: the others ask the origin, which
// costs money, and a balancer that waits for an origin that hangs would take out all
// servers at once. The names and errors of checks tell of paths, and are left out, too.
func (c Config) readyz() http.HandlerFunc {
	var running singleflight.Group
	return func(w http.ResponseWriter, r *http.Request) {
		answer, stranger := readiness{Draining: true}, c.Token != "" && !c.hasToken(r)
		if c.Draining == nil || !c.Draining() {
			answer = c.check(r.Context(), &running, stranger)
		}
		status := http.StatusOK
		if !answer.Ready {
			status = http.StatusServiceUnavailable
		}
		api.WriteJSON(w, status, answer)
	}
}

// check runs all checks at once, or for a stranger those that decide.
func (c Config) check(ctx context.Context, running *singleflight.Group, stranger bool) readiness {
	errs := make([]error, len(c.Checks))
	var all sync.WaitGroup
	for i, check := range c.Checks {
		if !stranger || !check.Degrades {
			all.Go(func() { errs[i] = check.run(ctx, running, strconv.Itoa(i)) })
		}
	}
	all.Wait()
	answer := readiness{Ready: true}
	for i, check := range c.Checks {
		result := checkResult{Name: check.Name, OK: errs[i] == nil}
		if errs[i] != nil {
			result.Error = errs[i].Error()
			answer.Degraded = true
			answer.Ready = answer.Ready && check.Degrades
		}
		if stranger {
			continue
		}
		if check.State != nil {
			result.State = check.State()
		}
		answer.Checks = append(answer.Checks, result)
	}
	return answer
}

// run returns in time, even if the check ignores its context, as a hanging disk does. A check
// that runs already under this name, perhaps because it hangs, is not started again, so that
// repeated probes do not leave more and more goroutines behind: its result counts.
func (c Check) run(ctx context.Context, running *singleflight.Group, name string) error {
	timeout := checkTimeout
	if c.Degrades {
		timeout = degradeTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	done := running.DoChan(name, func() (any, error) {
		// Others may wait for it when this client has gone.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		defer cancel()
		return nil, panics.Try("readyz", func() error { return c.Do(ctx) }, "check", c.Name)
	})
	select {
	case result := <-done:
		return result.Err
	case <-ctx.Done():
		return fmt.Errorf("no answer: %w", ctx.Err())
	}
}
