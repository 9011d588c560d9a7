package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// ledger is a Quarantine in memory.
type ledger struct {
	mu    sync.Mutex
	work  map[string]int // what is being worked on
	begun map[string]int // how often it was
	held  map[string]bool
}

func newLedger() *ledger {
	return &ledger{work: map[string]int{}, begun: map[string]int{}, held: map[string]bool{}}
}

func (l *ledger) Begin(original variant.Name, size int64, modTime time.Time) (end func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	entry := fmt.Sprint(original, size, modTime.Unix())
	if l.held[entry] {
		return nil, false
	}
	l.work[entry]++
	l.begun[entry]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.work[entry]--; l.work[entry] == 0 {
			delete(l.work, entry)
		}
	}, true
}

func (l *ledger) Forget(variant.Name) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.held)
	return nil
}

// hold puts what is being worked on into quarantine, as if the process died now.
func (l *ledger) hold() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for entry := range l.work {
		l.held[entry] = true
	}
}

// at returns what is being worked on, and what was.
func (l *ledger) at() (now, ever []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for entry := range l.work {
		now = append(now, entry)
	}
	for entry := range l.begun {
		ever = append(ever, entry)
	}
	return now, ever
}

// In each kind of work the original is written down while the engine works, and not
// longer; and of what is in quarantine none is done.
func TestQuarantine(t *testing.T) {
	request := func(ops string) func(t *testing.T, m *largeFixture) error {
		return func(t *testing.T, m *largeFixture) error {
			r, err := m.ask(t.Context(), t, "big.jpg", ops)
			if err == nil {
				r.Blob.Close()
			}
			return err
		}
	}
	tests := []struct {
		name string
		do   func(t *testing.T, m *largeFixture) error
	}{
		{"a picture", request("300x")},
		{"a picture that is looked at", request("60x60,g_smart")},
		{"a description", request("info")},
		{"with a cache buster", request("300x,v_2")},
		{"priming", func(t *testing.T, m *largeFixture) error {
			return m.Prime(t.Context(), "big.jpg", variants(t, "300x", "60x")).Err
		}},
		{"priming one alone", func(t *testing.T, m *largeFixture) error {
			return m.Prime(t.Context(), "big.jpg", variants(t, "60x60,g_smart")).Err
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLedger()
				m := newLargeFixture(t, func(c *pipeline.Config) { c.Originals.Quarantine = l })
				m.engine.SetStop(func(context.Context, string) error {
					if now, _ := l.at(); len(now) != 1 {
						t.Errorf("while the engine works, %q is written down", now)
					}
					return nil
				})
				if err := tt.do(t, m); err != nil {
					t.Fatal(err)
				}
				synctest.Wait() // for the mezzanine
				if now, ever := l.at(); len(now) != 0 || len(ever) != 1 {
					t.Errorf("afterwards, %q is written down, and %q was", now, ever)
				}
			})
		})
	}
}

// quarantined is a pipeline whose picture is in quarantine, with or without its
// mezzanine.
func quarantined(t *testing.T, l *ledger, first string) *largeFixture {
	t.Helper()
	m := newLargeFixture(t, func(c *pipeline.Config) { c.Originals.Quarantine = l })
	if first != "" {
		m.want(t, "big.jpg", first, pipeline.Made, 300, 225)
		synctest.Wait()
	}
	m.engine.SetStop(func(context.Context, string) error {
		l.hold()
		return context.Canceled // it is over
	})
	if r, err := m.ask(t.Context(), t, "big.jpg", "61x"); err == nil {
		r.Blob.Close()
		t.Error("made in spite of it")
	}
	m.engine.SetStop(nil)
	m.engine.Take()
	return m
}

// A picture in quarantine never reaches the engine, its cached files are served, and
// after it is forgotten it is made again.
func TestQuarantined(t *testing.T) {
	for _, first := range []string{"", "300x"} { // with it there is a mezzanine
		t.Run("after "+first, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLedger()
				m := quarantined(t, l, first)
				for _, ops := range []string{"60x", "400x", "60x60,g_smart", "info"} {
					_, err := m.ask(t.Context(), t, "big.jpg", ops)
					if !errors.Is(err, originals.ErrQuarantined) {
						t.Errorf("%s: %v", ops, err)
					}
				}
				m.engine.Take()
				primed := m.Prime(t.Context(), "big.jpg", variants(t, "62x", "63x", "64x64,g_smart"))
				if primed.Failed != 3 || !errors.Is(primed.Err, originals.ErrQuarantined) {
					t.Errorf("primed: %+v", primed)
				}
				synctest.Wait()
				m.engine.Want(t, "in quarantine")
				if first != "" {
					m.want(t, "big.jpg", first, pipeline.FromMemory, 300, 225)
				}
				m.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
				if _, err := m.Forget("big.jpg"); err != nil {
					t.Fatal(err)
				}
				m.want(t, "big.jpg", "60x", pipeline.Made, 60, 45)
				synctest.Wait() // its mezzanine is made again, too
				m.want(t, "big.jpg", "40x", pipeline.Made, 40, 30)
				if !slices.Contains(m.engine.Take(), "200>40") {
					t.Error("there is no mezzanine after it was forgotten")
				}
			})
		})
	}
}

// Work that fails has ended, and is not in quarantine any more.
func TestQuarantineOfWhatFails(t *testing.T) {
	for name, fail := range map[string]func() error{
		"an error": func() error { return header.ErrBroken },
		"a panic":  func() error { panic("in the engine") },
	} {
		l := newLedger()
		m := newLargeFixture(t, func(c *pipeline.Config) { c.Originals.Quarantine = l })
		m.engine.SetStop(func(context.Context, string) error { return fail() })
		_, err := m.ask(t.Context(), t, "big.jpg", "60x")
		if now, ever := l.at(); err == nil || len(now) != 0 || len(ever) != 1 {
			t.Errorf("%s: %v, %q is written down, and %q was", name, err, now, ever)
		}
		if _, panicked := errors.AsType[*panics.Error](err); panicked != (name == "a panic") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func variants(t *testing.T, all ...string) (variants []prime.Variant) {
	t.Helper()
	for _, ops := range all {
		variants = append(variants, prime.Variant{Variant: parse(t, ops)})
	}
	return variants
}
