package storage

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// State is what a Guard thinks of its place.
type State int

const (
	// Closed: the place is asked.
	Closed State = iota
	// HalfOpen: one request is under way to see whether it answers again.
	HalfOpen
	// Open: it is not asked.
	Open
)

// String is "closed", "half-open" or "open".
func (s State) String() string { return [...]string{"closed", "half-open", "open"}[s] }

const (
	// failuresInARow opens the breaker. It is the number of attempts, of which a
	// request makes up to two, that a dead place costs; one that answers anything
	// in between is not dead, and a bad object among good ones is no reason.
	failuresInARow = 5
	// pause is how long a place is left alone. With probePatience it bounds how
	// late it is noticed that a place is back.
	pause = time.Second
	// probePatience is how long a probe is waited for until the next may be sent.
	// The request itself waits on, and closes the breaker if it is answered after
	// all: what is slow must not stay shut out.
	probePatience = 2 * time.Second
	// slow failures are counted one by one. Of quick ones that were under way
	// together the first is: a hundred connections that break at once say no more
	// than one.
	slow = time.Second
	// maxCauseBytes of the last failure are remembered.
	maxCauseBytes = 300
)

// A breaker that a Check has closed is on trial until a request has worked: a place
// may answer Checks and let all else hang.
const (
	trialPassed  = iota
	trialPending // the next request is the trial, alone
	trialRunning // others are refused until it ends, or probePatience does
)

// breaker counts the failures of a place. The states and the counting in them
// are failsafe-go's. Its executor is not used: it takes the end of a call for
// the end of the matter, where for us a body follows, and it knows only
// successes and failures, where a client that left is neither.
type breaker struct {
	place   string
	changed func(place string, from, to State)
	circuit circuitbreaker.CircuitBreaker[any]
	down    atomic.Bool
	healers atomic.Int32 // how many see to it that the place is noticed when it is back
	trial   atomic.Int32 // trialPassed, trialPending or trialRunning

	mu      sync.Mutex
	counted time.Time // when a failure was counted last
	since   time.Time // of the first failure since the last success; zero if none
	cause   string    // of the last failure
}

func newBreaker(place string, changed func(place string, from, to State)) *breaker {
	b := &breaker{place: place, changed: changed}
	b.circuit = circuitbreaker.NewBuilder[any]().
		WithFailureThreshold(failuresInARow).
		WithDelay(pause).
		WithSuccessThreshold(1). // and with that, one probe at a time
		OnStateChanged(b.note).
		Build()
	return b
}

// note hears of every change, but of two at once in any order; so what counts is
// the state now.
func (b *breaker) note(e circuitbreaker.StateChangedEvent) {
	b.mu.Lock()
	b.down.Store(!b.circuit.IsClosed())
	b.mu.Unlock()
	if b.changed != nil {
		b.changed(b.place, stateOf(e.OldState), stateOf(e.NewState))
	}
}

func stateOf(s circuitbreaker.State) State {
	switch s {
	case circuitbreaker.OpenState:
		return Open
	case circuitbreaker.HalfOpenState:
		return HalfOpen
	default:
		return Closed
	}
}

// ask begins an attempt, or says why not. An attempt is ended by settle. Where
// somebody else finds out that the place is back, nobody's request is the probe.
func (b *breaker) ask() (*attempt, error) {
	if b.healers.Load() > 0 && b.down.Load() || !b.circuit.TryAcquirePermit() {
		return nil, b.refusal()
	}
	a := &attempt{breaker: b, begun: time.Now(), probe: b.circuit.IsHalfOpen()}
	if !a.probe && b.trial.Load() != trialPassed {
		if !b.trial.CompareAndSwap(trialPending, trialRunning) {
			return nil, b.refusal()
		}
		a.probe, a.trial = true, true
	}
	if a.probe {
		a.patience = time.AfterFunc(probePatience, func() { a.giveBack() })
	}
	return a, nil
}

// closeOnTrial closes the breaker for one request, and if that works for all. As
// nobody may ask for long, it is closed meanwhile to those who look. A trial that
// runs goes on.
func (b *breaker) closeOnTrial() {
	b.trial.CompareAndSwap(trialPassed, trialPending)
	b.circuit.Close()
}

// state is HalfOpen during a trial, too.
func (b *breaker) state() State {
	if s := stateOf(b.circuit.State()); s != Closed || b.trial.Load() != trialRunning {
		return s
	}
	return HalfOpen
}

func (b *breaker) refusal() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return fmt.Errorf("%s: %w: not asked for the moment, as it has not answered since %s: %s",
		b.place, ErrUnavailable, b.since.UTC().Format(time.RFC3339), b.cause)
}

// blame remembers why a place is held to be down, and reports whether that was
// news: see slow.
func (b *breaker) blame(begun time.Time, cause error) bool {
	text := strings.TrimPrefix(cause.Error(), b.place+": "+ErrUnavailable.Error()+": ")
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cause = strings.ToValidUTF8(text[:min(len(text), maxCauseBytes)], "")
	if b.since.IsZero() {
		b.since = now
	}
	if begun.Before(b.counted) && now.Sub(begun) < slow {
		return false
	}
	b.counted = now
	return true
}

func (b *breaker) praise() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.since = time.Time{}
}

// attempt is one request to a place. Its outcome is told once: the first counts,
// but for a success after a probe's patience has ended.
type attempt struct {
	breaker  *breaker
	begun    time.Time
	probe    bool
	trial    bool        // a probe of a breaker on trial
	patience *time.Timer // of a probe
	settled  atomic.Bool
	returned atomic.Bool // a probe's permit was given back
}

// settle tells the outcome of what began at begun and ended with err.
func (a *attempt) settle(o outcome, begun time.Time, err error) {
	if a.settled.Swap(true) {
		return
	}
	if a.probe {
		a.patience.Stop()
	}
	switch {
	case o == worked:
		a.breaker.praise()
		a.breaker.trial.Store(trialPassed)
		if a.probe {
			a.breaker.circuit.Close()
		} else {
			a.breaker.circuit.RecordSuccess()
		}
	case o == failed:
		news := a.breaker.blame(begun, err)
		switch {
		case a.trial && a.breaker.trial.Load() != trialPassed:
			a.breaker.circuit.Open()
		case news && (a.trial || !a.probe):
			a.breaker.circuit.RecordFailure()
		}
		a.giveBack()
	default:
		a.giveBack()
	}
}

// giveBack ends a probe that has shown nothing good: the breaker is open again
// for a pause. One that was merely abandoned ends so, too, as a permit cannot be
// given back in any other way. On trial the next request may be.
func (a *attempt) giveBack() {
	switch {
	case !a.probe || a.returned.Swap(true):
	case a.trial:
		a.breaker.trial.CompareAndSwap(trialRunning, trialPending)
	default:
		a.breaker.circuit.RecordFailure()
	}
}
