package breaker

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/thumbery/thumbery/storage"
)

// State is the state of a circuit breaker.
type State int

const (
	// Closed: requests are sent.
	Closed State = iota
	// HalfOpen: after a successful Check, the next request is let through alone, and all
	// others fail at once until it is answered or halfOpenTimeout has passed. Without a
	// probe loop, the end of the pause takes the place of the Check.
	HalfOpen
	// Open: all requests fail at once.
	Open
)

// String is "closed", "half-open" or "open".
func (s State) String() string { return [...]string{"closed", "half-open", "open"}[s] }

const (
	// maxFailures in a row open the breaker. A dead backend costs that many attempts. A
	// backend that answers anything in between is not dead: one bad object among good
	// ones opens nothing.
	maxFailures = 5
	// pause is how long requests are refused before one is let through. With
	// halfOpenTimeout it bounds how late it is noticed that a backend works again.
	pause = time.Second
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

// state is a State in more detail. A backend may answer Checks and nothing else, so after
// a successful Check one request is let through alone before all others.
type state int

const (
	closed          state = iota // all requests pass
	open                         // none passes
	halfOpen                     // half-open without a Check: after the pause one request is under way
	checked                      // half-open: a Check has succeeded, and the next request is let through alone
	checkedHalfOpen              // half-open: that request is under way
)

// isDown reports that neither a request nor a Check has succeeded since the breaker
// opened.
func (s state) isDown() bool { return s == open || s == halfOpen }

// logged is the state that the observer is told. A successful Check is logged as the end
// of the outage, so the request that is let through after it is logged only if it fails.
func (s state) logged() State {
	switch s {
	case open:
		return Open
	case halfOpen:
		return HalfOpen
	default:
		return Closed
	}
}

type event int

const (
	request              event = iota // a request asks to pass
	requestAfterPause                 // the same, when the pause is over and there is no probe loop
	success                           // a request or its body was answered
	failed                            // a request failed, but not as the last
	lastFailure                       // a request failed, as the last of maxFailures in a row
	halfOpenSuccess                   // the half-open request was answered
	halfOpenFailure                   // it failed
	halfOpenTimedOut                  // it has taken too long, or its client left
	checkSuccess                      // a Check has succeeded
	checkSuccessHalfOpen              // the same, while the half-open request is under way
)

// transitions are the states that events lead to; all other events change nothing.
var transitions = map[state]map[event]state{
	closed: {lastFailure: open},
	open: {
		requestAfterPause: halfOpen, halfOpenSuccess: closed, // a late answer
		checkSuccess: checked, checkSuccessHalfOpen: checkedHalfOpen,
	},
	halfOpen: {
		success: closed, failed: open, lastFailure: open, checkSuccessHalfOpen: checkedHalfOpen,
		halfOpenSuccess: closed, halfOpenFailure: open, halfOpenTimedOut: open,
	},
	checked: {
		request: checkedHalfOpen, requestAfterPause: checkedHalfOpen,
		success: closed, lastFailure: open, halfOpenSuccess: closed, halfOpenFailure: open,
	},
	checkedHalfOpen: {
		success: closed, lastFailure: open,
		halfOpenSuccess: closed, halfOpenFailure: open, halfOpenTimedOut: checked,
	},
}

// circuit is the circuit breaker of one backend. All of its state is under one lock.
type circuit struct {
	backend string
	changed func(backend string, from, to State)

	mu              sync.Mutex
	state           state
	halfOpenRequest *attempt  // under way, and not timed out; nil if none
	probeLoops      int       // while there is one, only its Checks end the state open
	pauseEnd        time.Time // while open
	failures        int       // in a row
	counted         time.Time // when a failure was counted last
	since           time.Time // of the first failure since the last success; zero if none
	cause           string    // of the last failure
}

// update calls f under the lock, and tells the observer what has changed. Observers
// may be told of two changes at once in any order.
func (c *circuit) update(f func()) {
	c.mu.Lock()
	from := c.state.logged()
	f()
	to := c.state.logged()
	c.mu.Unlock()
	if from != to && c.changed != nil {
		c.changed(c.backend, from, to)
	}
}

// apply makes the transition of an event, under the lock, and reports whether there is
// one.
func (c *circuit) apply(e event) bool {
	to, ok := transitions[c.state][e]
	if !ok {
		return false
	}
	if c.state = to; to == open {
		c.pauseEnd = time.Now().Add(pause)
	}
	if to == closed || to == checked {
		c.failures = 0
	}
	return true
}

// publicState is the state for metrics and readiness: HalfOpen while a request is let
// through alone, and as logged otherwise.
func (c *circuit) publicState() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == checkedHalfOpen {
		return HalfOpen
	}
	return c.state.logged()
}

func (c *circuit) isDown() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.isDown()
}

// countProbeLoop counts the probe loops that run.
func (c *circuit) countProbeLoop(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probeLoops += n
}

// enter lets a request pass, or returns why not. The caller settles the attempt.
func (c *circuit) enter() (a *attempt, err error) {
	c.update(func() {
		e := request
		if c.probeLoops == 0 && !time.Now().Before(c.pauseEnd) {
			e = requestAfterPause
		}
		wasClosed := c.state == closed
		if !wasClosed && !c.apply(e) {
			err = c.refusal()
			return
		}
		a = &attempt{circuit: c, begun: time.Now(), halfOpen: !wasClosed}
		if a.halfOpen {
			c.halfOpenRequest, a.timer = a, time.AfterFunc(halfOpenTimeout, a.timeOut)
		}
	})
	return a, err
}

func (c *circuit) refusal() error {
	return fmt.Errorf("%s: %w: circuit breaker open: no answer since %s: %s",
		c.backend, storage.ErrUnavailable, c.since.UTC().Format(time.RFC3339), c.cause)
}

func (c *circuit) recordSuccess(halfOpenRequest bool) {
	c.since, c.failures = time.Time{}, 0
	if halfOpenRequest {
		c.apply(halfOpenSuccess)
	} else {
		c.apply(success)
	}
}

// recordFailure notes that a request or a Check, which began at begun, has failed,
// under the lock.
func (c *circuit) recordFailure(halfOpenRequest bool, begun time.Time, cause error) {
	isNews := c.remember(begun, cause)
	switch {
	case halfOpenRequest && c.state != closed:
		c.apply(halfOpenFailure)
	case !isNews:
	case c.failures+1 >= maxFailures:
		c.apply(lastFailure)
	default:
		c.failures++
		c.apply(failed)
	}
}

// remember keeps the cause of a failure, and reports whether it is to be counted: see
// slowFailure.
func (c *circuit) remember(begun time.Time, cause error) bool {
	text := strings.TrimPrefix(cause.Error(), c.backend+": "+storage.ErrUnavailable.Error()+": ")
	c.cause = strings.ToValidUTF8(text[:min(len(text), maxCauseBytes)], "")
	now := time.Now()
	if c.since.IsZero() {
		c.since = now
	}
	if begun.Before(c.counted) && now.Sub(begun) < slowFailure {
		return false
	}
	c.counted = now
	return true
}

// recordCheck notes the result of a Check that began at begun. A success of a backend
// that is not down is none, as it may fail at everything else.
func (c *circuit) recordCheck(o outcome, begun time.Time, err error) {
	c.update(func() {
		switch {
		case o == worked && c.halfOpenRequest != nil:
			c.apply(checkSuccessHalfOpen)
		case o == worked:
			c.apply(checkSuccess)
		case o == didFail:
			c.recordFailure(false, begun, err)
		}
	})
}

// attempt is one request to a backend. Its fields are under the lock of circuit.
type attempt struct {
	circuit  *circuit
	begun    time.Time
	halfOpen bool        // others wait for its result
	timer    *time.Timer // of the half-open request
	settled  bool
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
		isAwaited := a.halfOpen && c.halfOpenRequest == a
		if isAwaited {
			a.timer.Stop()
			c.halfOpenRequest = nil
		}
		switch {
		case o == worked:
			c.recordSuccess(a.halfOpen)
		case o == didFail:
			c.recordFailure(a.halfOpen, begun, err)
		case isAwaited:
			c.apply(halfOpenTimedOut)
		}
	})
}

func (a *attempt) timeOut() {
	a.circuit.update(func() {
		if a.circuit.halfOpenRequest == a {
			a.circuit.halfOpenRequest = nil
			a.circuit.apply(halfOpenTimedOut)
		}
	})
}
