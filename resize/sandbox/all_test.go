package sandbox

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
)

// some are n plans for results of different sizes.
func some(n int) (plans []resize.Plan) {
	for i := range n {
		plans = append(plans, planOf(i+1, 2))
	}
	return plans
}

// outcomes collects what done is told, and holds it to the order of the plans.
func outcomes(t *testing.T, p *Pool, text string, plans []resize.Plan) (errs []error, ended error) {
	t.Helper()
	ended = p.ResizeAll(t.Context(), saying(text), original, plans, func(i int, data []byte, err error) {
		if i != len(errs) {
			t.Errorf("%s: plan %d comes after %d others", text, i, len(errs))
		}
		errs = append(errs, err)
		if want := string(picture(plans[i].Size())); err == nil && string(data) != want || err != nil && data != nil {
			t.Errorf("%s, plan %d: %d bytes, %v", text, i, len(data), err)
		}
	})
	return errs, ended
}

func TestResizeAll(t *testing.T) {
	t.Parallel()
	p, d := open(t, nil)
	for _, c := range []struct {
		text  string
		plans int
		one   error // of the second plan
		ended error
	}{
		{"fine", 0, nil, nil},
		{"fine", 1, nil, nil},
		{"fine", 5, nil, nil},
		{"fine", 2*wire.MaxPlans + 3, nil, nil},
		{"one fails", 3, resize.ErrBytes, nil},
		{"all broken", 3, nil, header.ErrBroken},
	} {
		errs, ended := outcomes(t, p, c.text, some(c.plans))
		want := make([]error, c.plans)
		if c.one != nil {
			want[1] = c.one
		}
		if !errors.Is(ended, c.ended) || len(errs) != c.plans {
			t.Errorf("%s: %v, %d of %d plans", c.text, ended, len(errs), c.plans)
		}
		for i, err := range errs {
			if !errors.Is(err, want[i]) {
				t.Errorf("%s, plan %d: %v", c.text, i, err)
			}
		}
	}
	if len(d.all) > 0 {
		t.Errorf("%+v", d.all)
	}
}

// What was made before a child died is there, and all else fails with it.
func TestResizeAllDies(t *testing.T) {
	t.Parallel()
	p, d := open(t, nil)
	const n = wire.MaxPlans + 3
	for text, c := range map[string]struct {
		cause Cause
		made  int // before
		says  string
	}{
		"die":         {Signal, 1, "killed"},
		"order":       {Protocol, 1, "answered plan 0, not 1"},
		"one missing": {Protocol, 1, "made 1 of"},
		"one more":    {Protocol, wire.MaxPlans, "of 64"},
	} {
		errs, ended := outcomes(t, p, text, some(n))
		var made []error
		for range c.made {
			made = append(made, nil)
		}
		for len(made) < n {
			made = append(made, ended)
		}
		if !errors.Is(ended, resize.ErrDied) || !reflect.DeepEqual(errs, made) {
			t.Errorf("%s: %v, %v", text, ended, errs)
		}
		if death := <-d.ch; death.Cause != c.cause || !strings.Contains(death.Detail, c.says) {
			t.Errorf("%s: %+v", text, death)
		}
	}
}

// Results are laid into a file that has room for the largest there can be.
func TestRoom(t *testing.T) {
	t.Parallel()
	for plan, want := range map[string]int64{
		fmt.Sprint(roomFor()):                             0,
		fmt.Sprint(roomFor(planOf(10, 10))):               800 + 1<<20,
		fmt.Sprint(roomFor(planOf(10, 10), planOf(1, 1))): 808 + 2<<20,
		fmt.Sprint(roomFor(planOf(16383, 16383))):         8*16383*16383 + 1<<20,
	} {
		if plan != fmt.Sprint(want) {
			t.Errorf("%s, want %d", plan, want)
		}
	}
}
