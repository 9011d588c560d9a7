package cachetest_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/cachetest"
)

func TestFake(t *testing.T) {
	t.Parallel()
	cachetest.Run(t, func(*testing.T) cache.Store { return cachetest.NewFake() })
}

var errTold = errors.New("as told")

func TestFakeFailsFill(t *testing.T) {
	t.Parallel()
	f := cachetest.NewFake()
	f.FailFill(errTold)
	b, err := f.Fill(t.Context(), "3fa0", strings.NewReader("body"), time.Time{})
	if err != nil || b.NotKept != errTold {
		t.Fatalf("Fill = %+v, %v, want NotKept", b, err)
	}
	if body, err := io.ReadAll(b.Content()); string(body) != "body" || err != nil {
		t.Errorf("Content = %q, %v, want all of the body", body, err)
	}
	if f.Len() != 0 {
		t.Errorf("kept %d entries", f.Len())
	}
	f.FailFill(nil)
	if b, err := f.Fill(t.Context(), "3fa0", strings.NewReader("body"), time.Time{}); err != nil || b.NotKept != nil {
		t.Errorf("Fill when told to work again = %+v, %v", b, err)
	}
}

func TestFakeFailsTheRest(t *testing.T) {
	t.Parallel()
	f := cachetest.NewFake()
	f.FailOpen(errTold)
	f.FailRemove(errTold)
	f.FailCheck(errTold)
	if _, err := f.Open("3fa0"); !errors.Is(err, errTold) {
		t.Errorf("Open = %v", err)
	}
	if err := f.Remove("3fa0"); !errors.Is(err, errTold) {
		t.Errorf("Remove = %v", err)
	}
	if err := f.Check(); !errors.Is(err, errTold) {
		t.Errorf("Check = %v", err)
	}
}

func TestFakeCounts(t *testing.T) {
	t.Parallel()
	f := cachetest.NewFake()
	_, _ = f.Open("3fa0")
	_, _ = f.Fill(t.Context(), "3fa0", strings.NewReader("body"), time.Time{})
	_, _ = f.Open("3fa0")
	_, _ = f.Touch("3fa0") // counts
	_ = f.Check()
	_ = f.Remove("3fa0")
	want := cachetest.Counts{Opens: 2, Hits: 1, Touches: 1, Fills: 1, Removes: 1, Checks: 1}
	if got := f.Counts(); got != want {
		t.Errorf("Counts = %+v, want %+v", got, want)
	}
}
