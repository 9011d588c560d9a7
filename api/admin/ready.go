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

// readyz answers /readyz. While the server drains, it is not ready, whatever the checks say.
//
// A load balancer, which does not have the token, asks several times a second. For it, only
// those checks run that decide whether the server is ready: the others ask the origin, which
// costs money, and a balancer that waits for an origin that hangs would take out all
// servers at once. The names and errors of checks tell of paths, and are left out, too.
func (c Config) readyz() http.HandlerFunc {
	var probes []*probe
	for _, check := range c.Checks {
		probes = append(probes, &probe{Check: check})
	}
	return func(w http.ResponseWriter, r *http.Request) {
		answer, stranger := readiness{Draining: true}, c.Token != "" && !c.hasToken(r)
		if c.Draining == nil || !c.Draining() {
			answer = ask(r.Context(), probes, stranger)
		}
		status := http.StatusOK
		if !answer.Ready {
			status = http.StatusServiceUnavailable
		}
		api.WriteJSON(w, status, answer)
	}
}

// ask runs all checks at once, or for a stranger those that decide.
func ask(ctx context.Context, probes []*probe, stranger bool) readiness {
	errs := make([]error, len(probes))
	var all sync.WaitGroup
	for i, p := range probes {
		if !stranger || !p.Degrades {
			all.Go(func() { errs[i] = p.run(ctx) })
		}
	}
	all.Wait()
	answer := readiness{Ready: true}
	for i, check := range probes {
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

// probe is a Check that runs once at a time: all who ask meanwhile get the same result.
type probe struct {
	Check
	mu      sync.Mutex
	running *outcome // nil if it does not run
}

// outcome is that of one run of a check.
type outcome struct {
	over chan struct{}
	err  error // when over is closed
}

// run returns in time, even if the check ignores its context, as a hanging disk does. A check
// that runs already, perhaps because it hangs, is not started again, and nothing is kept of
// those who have waited for it: probes come several times a second, and for days.
func (p *probe) run(ctx context.Context) error {
	timeout := checkTimeout
	if p.Degrades {
		timeout = degradeTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	o := p.join(ctx, timeout)
	select {
	case <-o.over:
		return o.err
	case <-ctx.Done():
		return fmt.Errorf("no answer: %w", ctx.Err())
	}
}

// join returns the run that is under way, or starts one.
func (p *probe) join(ctx context.Context, timeout time.Duration) *outcome {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running != nil {
		return p.running
	}
	o := &outcome{over: make(chan struct{})}
	p.running = o
	go func() {
		// Others may wait for it when this client has gone.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		defer cancel()
		o.err = panics.Try("readyz", func() error { return p.Do(ctx) }, "check", p.Name)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.running = nil
		close(o.over)
	}()
	return o
}
