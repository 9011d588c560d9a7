package breaker

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/thumbery/thumbery/internal/excerpt"
	"github.com/thumbery/thumbery/storage"
)

// State is the state of a circuit breaker.
type State int

const (
	// Closed: requests are sent.
	Closed State = iota
	// HalfOpen: a Check has succeeded since the breaker opened. A backend may answer Checks
	// and nothing else, so the next request is let through alone, and all others fail at once
	// until it is answered or halfOpenTimeout has passed.
	HalfOpen
	// Open: all requests fail at once, until a Check succeeds.
	Open
)

// String is "closed", "half-open" or "open".
func (s State) String() string { return [...]string{"closed", "half-open", "open"}[s] }

const (
	// maxFailures in a row open the breaker. A dead backend costs that many attempts. A
	// backend that answers anything in between is not dead: one bad object among good
	// ones opens nothing.
	maxFailures = 5
	// halfOpenTimeout is how long others wait for the result of the one request that is
	// let through. The request itself goes on, and closes the breaker if it is answered
	// after all: a slow backend must not stay shut out.
	halfOpenTimeout = 2 * time.Second
	// slowFailure: failures that take this long are counted one by one. Of faster ones
	// that overlap only the first counts: a hundred connections that break at once say
	// no more than one.
	slowFailure = time.Second
	// maxCauseBytes of the last failure are remembered.
	maxCauseBytes = 300
)

// circuit is the circuit breaker of one backend. All of its state is under one lock.
type circuit struct {
	backend string
	changed func(backend string, to State)

	mu       sync.Mutex
	state    State
	alone    *attempt  // was let through in the state HalfOpen, and is not settled; nil if none
	failures int       // in a row
	counted  time.Time // when a failure was counted last
	since    time.Time // of the first failure since the last success; zero if none
	cause    string    // of the last failure
}

// update calls f under the lock, and tells the observer that the breaker has opened, or is
// open no more. Observers may be told of two changes at once in any order.
func (c *circuit) update(f func()) {
	c.mu.Lock()
	wasOpen := c.state == Open
	f()
	isOpen := c.state == Open
	c.mu.Unlock()
	switch {
	case wasOpen == isOpen || c.changed == nil:
	case isOpen:
		c.changed(c.backend, Open)
	default:
		c.changed(c.backend, Closed)
	}
}

// publicState is the state for metrics and readiness: HalfOpen only while a request is let
// through alone.
func (c *circuit) publicState() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == HalfOpen && !c.isAwaited() {
		return Closed
	}
	return c.state
}

// isAwaited reports that others wait for the result of the request that was let through alone.
func (c *circuit) isAwaited() bool {
	return c.alone != nil && time.Since(c.alone.begun) < halfOpenTimeout
}

func (c *circuit) isDown() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state == Open
}

// enter lets a request pass, or returns why not. The caller settles the attempt.
func (c *circuit) enter() (*attempt, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == Open || c.state == HalfOpen && c.isAwaited() {
		return nil, fmt.Errorf("%s: %w: circuit breaker open: no answer since %s: %s",
			c.backend, storage.ErrUnavailable, c.since.UTC().Format(time.RFC3339), c.cause)
	}
	a := &attempt{circuit: c, begun: time.Now(), isAlone: c.state == HalfOpen}
	if a.isAlone {
		c.alone = a
	}
	return a, nil
}

// recordFailure notes that a request or a Check, which began at begun, has failed,
// under the lock.
func (c *circuit) recordFailure(begun time.Time, cause error) {
	text := strings.TrimPrefix(cause.Error(), c.backend+": "+storage.ErrUnavailable.Error()+": ")
	c.cause = excerpt.First(text, maxCauseBytes)
	now := time.Now()
	if c.since.IsZero() {
		c.since = now
	}
	if overlaps := begun.Before(c.counted); !overlaps || now.Sub(begun) >= slowFailure {
		c.counted = now
		c.failures++
	}
	if c.failures >= maxFailures {
		c.state = Open
	}
}

// recordCheck notes the result of a Check that began at begun. A success of a backend
// that is not down is none, as it may fail at everything else.
func (c *circuit) recordCheck(o outcome, begun time.Time, err error) {
	c.update(func() {
		switch {
		case o == worked && c.state == Open:
			c.state, c.failures = HalfOpen, 0
		case o == didFail:
			c.recordFailure(begun, err)
		}
	})
}

// attempt is one request to a backend.
type attempt struct {
	circuit *circuit
	begun   time.Time
	isAlone bool // others wait for its result
	settled bool // under the lock of circuit
}

// settle records the outcome of what began at begun and ended with err. Only the first
// call counts.
func (a *attempt) settle(o outcome, begun time.Time, err error) {
	c := a.circuit
	c.update(func() {
		if a.settled {
			return
		}
		a.settled = true
		if c.alone == a {
			c.alone = nil
		}
		switch o {
		case worked:
			if a.isAlone || c.state != Open { // else it was sent before the breaker opened
				c.state, c.since, c.failures = Closed, time.Time{}, 0
			}
		case didFail:
			c.recordFailure(begun, err)
			if a.isAlone && c.state == HalfOpen {
				c.state = Open
			}
		}
	})
}
