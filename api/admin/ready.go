package admin

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/thumbery/thumbery/internal/panics"
)

// Check is one thing that the service needs. The error is shown to whoever may
// reach the admin listener.
type Check struct {
	Name string
	// Do looks whether it works. It is not called again while it runs.
	Do func(context.Context) error
	// Degrades says that the service does something useful without it: it then
	// is ready, but degraded. Load balancers would otherwise take all servers
	// out at once, with what they have in their caches.
	Degrades bool
	// State, if not nil, says more in a word, such as "open" of a breaker.
	State func() string
}

const (
	// checkTimeout bounds one check: an orchestrator asks every few seconds.
	checkTimeout = 5 * time.Second
	// degradeTimeout bounds one that does not decide: its answer must not come
	// too late for those who wait for the others, of whom Kubernetes gives up
	// after a second.
	degradeTimeout = 750 * time.Millisecond
)

// readiness is the answer of /readyz.
type readiness struct {
	Ready    bool      `json:"ready"`
	Degraded bool      `json:"degraded"` // something does not work
	Checks   []checked `json:"checks"`
}

type checked struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	State string `json:"state,omitempty"`
	Error string `json:"error,omitempty"`
}

// probes are the checks of /readyz.
type probes []*probe

// probe is a check, and whether it runs.
type probe struct {
	Check
	running chan struct{}
}

func newProbes(checks []Check) (all probes) {
	for _, c := range checks {
		all = append(all, &probe{c, make(chan struct{}, 1)})
	}
	return all
}

func (all probes) ready(w http.ResponseWriter, r *http.Request) {
	answer := readiness{Ready: true}
	for i, err := range all.check(r.Context()) {
		c := checked{Name: all[i].Name, OK: err == nil}
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
	status := http.StatusOK
	if !answer.Ready {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, answer)
}

// check does all checks at once and returns their errors in order.
func (all probes) check(ctx context.Context) []error {
	errs := make([]error, len(all))
	var running sync.WaitGroup
	for i, p := range all {
		running.Go(func() { errs[i] = p.check(ctx) })
	}
	running.Wait()
	return errs
}

func (p *probe) check(ctx context.Context) error {
	timeout := checkTimeout
	if p.Degrades {
		timeout = degradeTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return p.within(ctx)
}

// within does not wait longer than ctx allows, also for a check that does: a
// disk that hangs knows no contexts. One that hangs is left alone until it comes
// back, so that those who ask again and again do not hang by the thousand.
func (p *probe) within(ctx context.Context) error {
	select {
	case p.running <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("no answer, also not to who asked before: %w", ctx.Err())
	}
	done := make(chan error, 1)
	go func() {
		defer func() { <-p.running }()
		done <- panics.Try("readyz", func() error { return p.Do(ctx) }, "check", p.Name)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("no answer: %w", ctx.Err())
	}
}
