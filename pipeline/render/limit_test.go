package render_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/resize"
)

// A request is answered when its time is over, wherever that went. Most of it in the queue
// is not the picture's fault.
func TestLimit(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		ops        string
		background bool
		opened     time.Duration // before
		busy       time.Duration // until the only worker is free
		looked     time.Duration // how long a look takes
		after      time.Duration
		err        error
	}{
		"in the queue":              {ops: "40x", busy: 2 * time.Minute, after: time.Minute, err: gate.ErrWaited},
		"mostly in the queue":       {ops: "40x", busy: 40 * time.Second, after: time.Minute, err: gate.ErrWaited},
		"mostly at work":            {ops: "40x", busy: 20 * time.Second, after: time.Minute, err: resize.ErrTooSlow},
		"with the inspection":       {ops: "40x", opened: 45 * time.Second, after: 15 * time.Second, err: resize.ErrTooSlow},
		"nothing left":              {ops: "40x", opened: 2 * time.Minute, err: gate.ErrWaited},
		"with the look":             {ops: "40x,trim", looked: 50 * time.Second, after: time.Minute, err: resize.ErrTooSlow},
		"with the look and a queue": {ops: "40x,trim", busy: 31 * time.Second, looked: 20 * time.Second, after: time.Minute, err: gate.ErrWaited},
		"the queue of background work": {
			ops: "40x,trim", background: true, opened: time.Hour, busy: time.Hour, looked: 20 * time.Second, after: time.Hour + time.Minute, err: resize.ErrTooSlow,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := newEngine()
				release := make(chan struct{})
				e.resizer.Block = release
				e.resizer.Inner = resize.Rect{Width: 80, Height: 60}
				if tt.busy > 0 {
					leave, err := e.Gate.Enter(t.Context(), 1)
					if err != nil {
						t.Fatal(err)
					}
					time.AfterFunc(tt.busy, leave)
				}
				if tt.looked > 0 {
					time.AfterFunc(tt.busy+tt.looked, func() { release <- struct{}{} })
				}
				j := e.job(t, tt.ops)
				j.Background, j.Opened = tt.background, time.Now().Add(-tt.opened)
				began := time.Now()
				if _, err := e.Render(t.Context(), j); !errors.Is(err, tt.err) || time.Since(began) != tt.after {
					t.Errorf("%v after %v, want %v after %v", err, time.Since(began), tt.err, tt.after)
				}
			})
		})
	}
}

// An inspection has as much time as a picture, with its queue.
func TestInspectionLimit(t *testing.T) {
	t.Parallel()
	for busy, want := range map[time.Duration]error{20 * time.Second: resize.ErrTooSlow, 40 * time.Second: gate.ErrWaited, time.Hour: gate.ErrWaited} {
		synctest.Test(t, func(t *testing.T) {
			e := newEngine()
			e.resizer.Probed, e.resizer.Block = svg, make(chan struct{})
			e.startWith(gate.New(1, 0, 1))
			leave, err := e.Gate.Enter(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(busy, leave)
			began := time.Now()
			if _, err := e.Inspect(t.Context(), resize.InMemory([]byte("<svg/>")), 1, false); !errors.Is(err, want) || time.Since(began) != time.Minute {
				t.Errorf("%v after %v, want %v", err, time.Since(began), want)
			}
		})
	}
}
