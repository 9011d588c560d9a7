package shared_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache/shared"
	"github.com/thumbery/thumbery/variant"
)

// The queue is bounded by number and bytes, and who does not wait is dropped.
func TestQueue(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		body string
		fits int
	}{
		"many small": {"x", 512},
		"few large":  {strings.Repeat("x", 16<<20), 4},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newTier()
				goOn := make(chan struct{})
				f.bucket.BeforePut = func(string) { <-goOn }
				e := f.entry(name(1), c.body, shared.Cost{})
				for range c.fits + 3 {
					f.Keep(t.Context(), e)
				}
				f.counts.want(t, map[string]int{"written dropped": 3})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if err := f.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Drain of a bucket that hangs: %v", err)
				}
				waited := make(chan struct{})
				go func() {
					e.Waits = true
					f.Keep(t.Context(), e)
					close(waited)
				}()
				synctest.Wait()
				select {
				case <-waited:
					t.Error("did not wait")
				default:
				}
				close(goOn)
				<-waited
				f.drain(t)
				f.counts.want(t, map[string]int{"written ok": c.fits + 1})
			})
		})
	}
}

func TestNotWritten(t *testing.T) {
	t.Parallel()
	f := newTier()
	f.keep(t, name(1), "", shared.Cost{})
	f.keep(t, name(1), strings.Repeat("x", 16<<20+1), shared.Cost{})
	f.bucket.Fail(errDown)
	f.keep(t, name(1), "x", shared.Cost{})
	f.counts.want(t, map[string]int{"written large": 2, "written error": 1})
}

// Kinds that are cheap to make are neither written nor asked for, until one is costly.
func TestCost(t *testing.T) {
	t.Parallel()
	f := newTier(func(c *shared.Config) { c.MinCost = 20 * time.Millisecond })
	ms := func(fetch, work int) shared.Cost {
		return shared.Cost{Fetch: time.Duration(fetch) * time.Millisecond, Work: time.Duration(work) * time.Millisecond}
	}
	for _, c := range []struct {
		what   string
		kind   int
		cost   shared.Cost
		result string
		asks   bool // for the next one of this kind
	}{
		{"costly", 1, ms(5, 15), "ok", true},
		{"cheap", 2, ms(5, 5), "cheap", false},
		{"cheap, but a fetch takes 5 ms", 3, ms(0, 14), "cheap", false},
		{"costly, as a fetch takes 5 ms", 4, ms(0, 15), "ok", true},
		{"a costly one of a cheap kind", 2, ms(5, 40), "ok", true},
		{"a cheap one after it", 2, ms(5, 5), "cheap", true},
		{"another", 2, ms(5, 5), "cheap", false},
		{"whatever it cost", 2, shared.Cost{Always: true}, "ok", false},
	} {
		f.keep(t, name(c.kind), "x", c.cost)
		f.counts.want(t, map[string]int{"written " + c.result: 1})
		if _, ok := f.HedgeTime(other(c.kind)); ok != c.asks {
			t.Errorf("%s: the next is asked for: %t", c.what, ok)
		}
		clear(f.counts.all)
	}
	if _, ok := f.HedgeTime(name(9)); !ok {
		t.Error("a kind that is not known is not asked for")
	}
}

// other is a derivative of a kind, of another picture.
func other(kind int) variant.Name { return "fedcba98" + name(kind)[8:] }
