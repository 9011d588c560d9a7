package breaker

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

var errBoom = errors.New("boom")

// circuits are a circuit in each of its states: closed, open, half-open, and half-open while
// others wait for the request that was let through alone. earlier is a request that was sent
// before the circuit opened.
func circuits(t *testing.T) (all [4]*circuit, earlier [4]*attempt, alone *attempt) {
	for i := range all {
		c := &circuit{}
		earlier[i], _ = c.enter()
		for range maxFailures * min(i, 1) {
			fail(t, c)
		}
		if i >= 2 {
			c.recordCheck(worked, time.Now(), nil)
		}
		if i == 3 {
			alone, _ = c.enter()
		}
		all[i] = c
	}
	return all, earlier, alone
}

// fail lets a request fail that takes so long that it counts.
func fail(t *testing.T, c *circuit) {
	t.Helper()
	a, err := c.enter()
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(slowFailure)
	a.settle(didFail, a.begun, errBoom)
}

// TestTransitions names the state after each event in each state.
func TestTransitions(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name  string
		event func(c *circuit, earlier, alone *attempt)
		want  [4]State // as circuits
	}{
		{"nothing", func(*circuit, *attempt, *attempt) {}, [4]State{Closed, Open, Closed, HalfOpen}},
		{"an earlier request succeeds", func(_ *circuit, earlier, _ *attempt) { earlier.settle(worked, earlier.begun, nil) }, [4]State{Closed, Open, Closed, Closed}},
		{"an earlier request fails", func(_ *circuit, earlier, _ *attempt) { earlier.settle(didFail, earlier.begun, errBoom) }, [4]State{Closed, Open, Closed, HalfOpen}},
		{"the caller of an earlier request leaves", func(_ *circuit, earlier, _ *attempt) { earlier.settle(unknown, earlier.begun, nil) }, [4]State{Closed, Open, Closed, HalfOpen}},
		{"a Check succeeds", func(c *circuit, _, _ *attempt) { c.recordCheck(worked, time.Now(), nil) }, [4]State{Closed, Closed, Closed, HalfOpen}},
		{"a Check fails", func(c *circuit, _, _ *attempt) { c.recordCheck(didFail, time.Now(), errBoom) }, [4]State{Closed, Open, Closed, HalfOpen}},
		{"five Checks fail", func(c *circuit, _, _ *attempt) {
			for range maxFailures {
				c.recordCheck(didFail, time.Now(), errBoom)
			}
		}, [4]State{Open, Open, Open, Open}},
		{"two seconds pass", func(*circuit, *attempt, *attempt) { time.Sleep(halfOpenTimeout) }, [4]State{Closed, Open, Closed, Closed}},
		{"the half-open request succeeds", func(_ *circuit, _, alone *attempt) { alone.settle(worked, alone.begun, nil) }, [4]State{Closed, Open, Closed, Closed}},
		{"the half-open request fails", func(_ *circuit, _, alone *attempt) { alone.settle(didFail, alone.begun, errBoom) }, [4]State{Closed, Open, Closed, Open}},
		{"the half-open request's caller leaves", func(_ *circuit, _, alone *attempt) { alone.settle(unknown, alone.begun, nil) }, [4]State{Closed, Open, Closed, Closed}},
	}
	for _, row := range rows {
		synctest.Test(t, func(t *testing.T) {
			all, earlier, alone := circuits(t)
			for i, c := range all {
				row.event(c, earlier[i], alone)
			}
			for i, c := range all {
				if got := c.publicState(); got != row.want[i] || c.isDown() != (got == Open) {
					t.Errorf("%s: circuit %d is %v, down %t; want %v", row.name, i, got, c.isDown(), row.want[i])
				}
			}
		})
	}
}

// TestEnter: which requests pass, and which of them alone.
func TestEnter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all, _, alone := circuits(t)
		passes, isAlone := [4]bool{true, false, true, false}, [4]bool{false, false, true, false}
		for i, c := range all {
			a, err := c.enter()
			if (err == nil) != passes[i] || err == nil && a.isAlone != isAlone[i] {
				t.Errorf("circuit %d: %+v, %v", i, a, err)
			}
		}
		time.Sleep(halfOpenTimeout)
		next, err := all[3].enter()
		if err != nil || !next.isAlone {
			t.Errorf("no other request passes after the timeout: %v", err)
		}
		alone.settle(didFail, alone.begun, errBoom)
		if all[3].publicState() != Open {
			t.Error("the half-open request fails after its timeout, and changes nothing")
		}
		next.settle(worked, next.begun, nil)
		next.settle(didFail, next.begun, errBoom)
		if all[3].publicState() != Closed || all[3].failures != 0 {
			t.Errorf("%v, %d failures: a late answer closes it, and only the first call of settle counts", all[3].publicState(), all[3].failures)
		}
	})
}
