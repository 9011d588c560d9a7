package breaker

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestTransitions names the state after each event in each state, and what becomes of a
// request: it passes, passes as the half-open request, or is refused.
func TestTransitions(t *testing.T) {
	t.Parallel()
	states := []state{closed, open, halfOpen, checked, checkedHalfOpen}
	rows := []struct {
		name  string
		event event
		want  [5]state // after the event in each of states
	}{
		{"request", request, [5]state{closed, open, halfOpen, checkedHalfOpen, checkedHalfOpen}},
		{"request after the pause", requestAfterPause, [5]state{closed, halfOpen, halfOpen, checkedHalfOpen, checkedHalfOpen}},
		{"success", success, [5]state{closed, open, closed, closed, closed}},
		{"failure", failed, [5]state{closed, open, open, checked, checkedHalfOpen}},
		{"last failure", lastFailure, [5]state{open, open, open, open, open}},
		{"half-open request succeeds", halfOpenSuccess, [5]state{closed, closed, closed, closed, closed}},
		{"half-open request fails", halfOpenFailure, [5]state{closed, open, open, open, open}},
		{"half-open request times out", halfOpenTimedOut, [5]state{closed, open, open, checked, checked}},
		{"Check succeeds", checkSuccess, [5]state{closed, checked, halfOpen, checked, checkedHalfOpen}},
		{"Check succeeds during the half-open request", checkSuccessHalfOpen, [5]state{closed, checkedHalfOpen, checkedHalfOpen, checked, checkedHalfOpen}},
	}
	for _, row := range rows {
		for i, from := range states {
			c := &circuit{state: from}
			if c.apply(row.event); c.state != row.want[i] {
				t.Errorf("%s in state %d leads to %d, want %d", row.name, from, c.state, row.want[i])
			}
		}
	}
}

func TestEnter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		state        state
		afterPause   bool
		probeLoops   int
		passes       bool
		halfOpen     bool
		public       State
		down, logged bool // after it; whether the observer is told
	}{
		{"closed", closed, true, 1, true, false, Closed, false, false},
		{"open", open, false, 0, false, false, Open, true, false},
		{"open, after the pause", open, true, 0, true, true, HalfOpen, true, true},
		{"open, after the pause, with a probe loop", open, true, 1, false, false, Open, true, false},
		{"half-open", halfOpen, true, 0, false, false, HalfOpen, true, false},
		{"checked", checked, true, 1, true, true, HalfOpen, false, false},
		{"checked, half-open", checkedHalfOpen, true, 1, false, false, HalfOpen, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				logged := false
				c := &circuit{state: tt.state, probeLoops: tt.probeLoops, changed: func(string, State, State) { logged = true }}
				if !tt.afterPause {
					c.pauseEnd = time.Now().Add(time.Nanosecond)
				}
				a, err := c.enter()
				if (err == nil) != tt.passes || tt.passes && a.halfOpen != tt.halfOpen {
					t.Errorf("%+v, %v", a, err)
				}
				if c.publicState() != tt.public || c.isDown() != tt.down || logged != tt.logged {
					t.Errorf("state %v, down %t, logged %t", c.publicState(), c.isDown(), logged)
				}
			})
		})
	}
}

// TestPauseBegins: also when the half-open request fails.
func TestPauseBegins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &circuit{}
		for range maxFailures {
			a, err := c.enter()
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(slowFailure)
			a.settle(didFail, a.begun, errors.New("boom"))
		}
		for range 3 {
			if _, err := c.enter(); err == nil || !c.isDown() {
				t.Fatal("a request passes before the pause is over")
			}
			time.Sleep(pause)
			a, err := c.enter()
			if err != nil || !a.halfOpen {
				t.Fatalf("no half-open request after the pause: %v", err)
			}
			a.settle(didFail, a.begun, errors.New("boom"))
		}
	})
}

// TestSettleTwice: a half-open request that was answered after its timeout closes the breaker, and
// what it is settled with later does not count.
func TestSettleTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &circuit{state: open}
		a, _ := c.enter()
		time.Sleep(halfOpenTimeout)
		synctest.Wait()
		if c.publicState() != Open {
			t.Errorf("%v after the timeout", c.publicState())
		}
		a.settle(worked, a.begun, nil)
		a.settle(didFail, a.begun, errors.New("boom"))
		if c.publicState() != Closed || c.failures != 0 {
			t.Errorf("%v, %d failures", c.publicState(), c.failures)
		}
	})
}
