package admin

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

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

// checks are those of /readyz.
type checks []*check

// check is a Check that at most one goroutine runs.
type check struct {
	Check
	running chan struct{} // holds a token while the check runs
}

func newChecks(configured []Check) (all checks) {
	for _, c := range configured {
		all = append(all, &check{c, make(chan struct{}, 1)})
	}
	return all
}

// readyz answers /readyz. While the server drains, it is not ready, whatever the checks say.
//
// A load balancer, which does not have the token, asks several times a second. For it, only
// those checks run that decide whether the server is ready: the others ask the origin, which
// costs money, and a balancer that waits for an origin that hangs would take out all
// servers at once. The names and errors of checks tell of paths, and are left out, too.
func (c Config) readyz(all checks) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, stranger := readiness{Draining: true}, c.Token != "" && !c.hasToken(r)
		switch {
		case c.Draining != nil && c.Draining():
		case stranger:
			answer = all.deciding().answer(r.Context())
			answer.Checks = nil
		default:
			answer = all.answer(r.Context())
		}
		status := http.StatusOK
		if !answer.Ready {
			status = http.StatusServiceUnavailable
		}
		api.WriteJSON(w, status, answer)
	}
}

// deciding are those whose failure makes the server unready.
func (all checks) deciding() (some checks) {
	for _, c := range all {
		if !c.Degrades {
			some = append(some, c)
		}
	}
	return some
}

func (all checks) answer(ctx context.Context) readiness {
	answer := readiness{Ready: true}
	for i, err := range all.run(ctx) {
		c := checkResult{Name: all[i].Name, OK: err == nil}
		if all[i].State != nil {
			c.State = all[i].State()
		}
		if err != nil {
			c.Error = err.Error()
			answer.Degraded = true
			answer.Ready = answer.Ready && all[i].Degrades
		}
		answer.Checks = append(answer.Checks, c)
	}
	return answer
}

// run runs all checks at once and returns their errors in order.
func (all checks) run(ctx context.Context) []error {
	errs := make([]error, len(all))
	var running sync.WaitGroup
	for i, c := range all {
		running.Go(func() { errs[i] = c.run(ctx) })
	}
	running.Wait()
	return errs
}

func (c *check) run(ctx context.Context) error {
	timeout := checkTimeout
	if c.Degrades {
		timeout = degradeTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return c.runUntil(ctx)
}

// runUntil returns when ctx ends, even if the check ignores its context, as a hanging disk
// does. It starts no second run of a check that hangs, so that repeated probes do not
// leave more and more goroutines behind.
func (c *check) runUntil(ctx context.Context) error {
	select {
	case c.running <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("no answer; an earlier check hangs: %w", ctx.Err())
	}
	done := make(chan error, 1)
	go func() {
		defer func() { <-c.running }()
		done <- panics.Try("readyz", func() error { return c.Do(ctx) }, "check", c.Name)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("no answer: %w", ctx.Err())
	}
}
