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

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

// die makes all work of the engine on the large picture end with err.
func (m *largeFixture) die(err error) {
	m.engine.SetStop(func(context.Context, string) error { return err })
}

// fails asks for a derivative of the large picture, and checks its error.
func (m *largeFixture) fails(t *testing.T, ops string, want error) {
	t.Helper()
	r, err := m.ask(t.Context(), t, "big.jpg", ops)
	if err == nil {
		r.Blob.Close()
	}
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", ops, err, want)
	}
}

// quarantine has two processes die of the large picture.
func (m *largeFixture) quarantine(t *testing.T) {
	t.Helper()
	m.die(resize.ErrDied)
	m.fails(t, "61x", resize.ErrDied)
	m.fails(t, "62x", originals.ErrQuarantined)
	m.engine.SetStop(nil)
	m.engine.Take()
}

// The second process that dies of a picture, whatever it did, puts the picture into
// quarantine.
func TestQuarantine(t *testing.T) {
	request := func(ops string) func(t *testing.T, m *largeFixture) error {
		return func(t *testing.T, m *largeFixture) error {
			_, err := m.ask(t.Context(), t, "big.jpg", ops)
			return err
		}
	}
	for _, tt := range []struct {
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
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newLargeFixture(t)
				m.engine.SetStop(func(ctx context.Context, _ string) error {
					if key := originals.KeyOf(ctx); key != "big.jpg" {
						t.Errorf("the log would name %q", key)
					}
					return fmt.Errorf("%w: signal: segmentation fault", resize.ErrDied)
				})
				if err := tt.do(t, m); !errors.Is(err, resize.ErrDied) || errors.Is(err, originals.ErrQuarantined) {
					t.Errorf("the first time: %v", err)
				}
				_ = tt.do(t, m) // of priming, the error of the first derivative is that it died
				m.engine.Take()
				if err := tt.do(t, m); !errors.Is(err, originals.ErrQuarantined) {
					t.Errorf("the third time: %v", err)
				}
				m.engine.Want(t, "in quarantine")
			})
		})
	}
}

// dying is an engine whose processes die when they probe.
type dying struct {
	*resizetest.Fake
	probes int
}

func (d *dying) Probe(context.Context, resize.Source, variant.Format, int) (header.Header, error) {
	d.probes++
	return header.Header{}, resize.ErrDied
}

// So does a process that dies of reading a header.
func TestQuarantineOfProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := &dying{Fake: &resizetest.Fake{Probed: header.Header{Format: variant.SVG, Width: 80, Height: 60, Orientation: 1, Pages: 1, Depth: 8}}}
		m := newLargeFixture(t, func(c *pipeline.Config) { c.Render.Resizer = engine })
		m.origin.Put("big.jpg", []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"))
		m.fails(t, "60x", resize.ErrDied)
		m.fails(t, "60x", originals.ErrQuarantined)
		m.fails(t, "info", originals.ErrQuarantined)
		if engine.probes != 2 {
			t.Errorf("%d probes, want 2", engine.probes)
		}
	})
}

// What nobody waits for counts, too: a mezzanine, and the better picture of
// Config.Adaptive.
func TestQuarantineOfBackgroundWork(t *testing.T) {
	for kind, adaptive := range map[string]bool{"640>200": false, "640>60avif": true} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newAdaptive(t, func(c *pipeline.Config) {
					if c.Adaptive = adaptive; adaptive {
						c.Render.Settings.MezzanineSide = 0
					}
				})
				m.engine.SetStop(func(ctx context.Context, what string) error {
					if what != kind {
						return nil
					}
					if key := originals.KeyOf(ctx); key != "big.jpg" {
						t.Errorf("the log would name %q", key)
					}
					return resize.ErrDied
				})
				for _, ops := range []string{"60x,f_auto", "60x,f_auto,bg_ffffff"} {
					m.get(t, ops, webp|avif, pipeline.Made, adaptive)
					synctest.Wait()
				}
				m.fails(t, "63x", originals.ErrQuarantined)
			})
		})
	}
}

// A picture in quarantine never reaches the engine, and its cached files are served, with
// and without a mezzanine.
func TestQuarantined(t *testing.T) {
	for _, first := range []string{"", "300x"} { // with it there is a mezzanine
		t.Run("after "+first, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newLargeFixture(t)
				if first != "" {
					m.want(t, "big.jpg", first, pipeline.Made, 300, 225)
					synctest.Wait()
				}
				m.quarantine(t)
				for _, ops := range []string{"60x", "400x", "60x60,g_smart", "info", "60x,v_2"} {
					m.fails(t, ops, originals.ErrQuarantined)
				}
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
				if opens := m.origin.Opens("big.jpg"); opens != 2 { // v_2 is fetched by itself
					t.Errorf("%d fetches: the original does not stay cached", opens)
				}
			})
		})
	}
}

// Quarantine ends after ten minutes, when the picture is forgotten, and for another
// version.
func TestQuarantineEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		do   func(t *testing.T, m *largeFixture)
		ends bool
	}{
		"before its time": {func(*testing.T, *largeFixture) { pass(10*time.Minute - time.Second) }, false},
		"in time":         {func(*testing.T, *largeFixture) { pass(10 * time.Minute) }, true},
		"forgotten": {func(t *testing.T, m *largeFixture) {
			if _, err := m.Forget("big.jpg"); err != nil {
				t.Fatal(err)
			}
		}, true},
		"another one is forgotten": {func(t *testing.T, m *largeFixture) {
			if _, err := m.Forget("cat.jpg"); err != nil {
				t.Fatal(err)
			}
		}, false},
		"another version": {func(t *testing.T, m *largeFixture) {
			m.origin.SetModTime("big.jpg", time.Now().UTC().Truncate(time.Second))
			m.purge(t, "big.jpg")
		}, true},
		"the same version again": {func(t *testing.T, m *largeFixture) { m.purge(t, "big.jpg") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newLargeFixture(t)
				m.quarantine(t)
				tt.do(t, m)
				if !tt.ends {
					m.fails(t, "60x", originals.ErrQuarantined)
					return
				}
				m.want(t, "big.jpg", "60x", pipeline.Made, 60, 45)
				synctest.Wait() // its mezzanine is made again, too
				m.want(t, "big.jpg", "40x", pipeline.Made, 40, 30)
				if !slices.Contains(m.engine.Take(), "200>40") {
					t.Error("there is no mezzanine afterwards")
				}
			})
		})
	}
}

// When the ten minutes are over, one more crash is enough; unless the picture was
// forgotten.
func TestQuarantineAgain(t *testing.T) {
	for forgotten, want := range map[bool]error{false: originals.ErrQuarantined, true: resize.ErrDied} {
		synctest.Test(t, func(t *testing.T) {
			m := newLargeFixture(t)
			m.quarantine(t)
			pass(10 * time.Minute)
			if forgotten {
				if _, err := m.Forget("big.jpg"); err != nil {
					t.Fatal(err)
				}
			}
			m.die(resize.ErrDied)
			m.fails(t, "63x", want)
		})
	}
}

// A first crash counts for ten minutes: a process may die of something else now and then.
func TestFirstCrashIsForgotten(t *testing.T) {
	for after, want := range map[time.Duration]error{
		10 * time.Minute:             originals.ErrQuarantined,
		10*time.Minute + time.Second: resize.ErrDied,
	} {
		synctest.Test(t, func(t *testing.T) {
			m := newLargeFixture(t)
			m.die(resize.ErrDied)
			m.fails(t, "61x", resize.ErrDied)
			pass(after)
			m.fails(t, "62x", want)
		})
	}
}

// A crash of work that began before the picture was forgotten does not count.
func TestForgottenWhileItDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLargeFixture(t)
		for i := range 3 {
			m.engine.SetStop(func(context.Context, string) error {
				if _, err := m.Forget("big.jpg"); err != nil {
					t.Error(err)
				}
				return resize.ErrDied
			})
			m.fails(t, fmt.Sprintf("6%dx", i), resize.ErrDied)
		}
	})
}

// What is no crash never puts a picture into quarantine.
func TestNoQuarantine(t *testing.T) {
	for _, err := range []error{resize.ErrTooSlow, resize.ErrNoMemory, header.ErrTooLarge, header.ErrBroken, context.Canceled, errors.New("a bug")} {
		t.Run(err.Error(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newLargeFixture(t)
				m.die(err)
				for i := range 3 {
					m.fails(t, fmt.Sprintf("6%dx", i), err)
				}
				m.engine.SetStop(nil)
				m.want(t, "big.jpg", "60x", pipeline.Made, 60, 45)
			})
		})
	}
}

// Of requests that come at once, each gets one of the two errors, and only those that were
// admitted before the second crash cost a process.
func TestQuarantineOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLargeFixture(t) // two workers
		release := make(chan struct{})
		m.engine.SetStop(func(context.Context, string) error {
			<-release
			return resize.ErrDied
		})
		var mu sync.Mutex
		died, refused := 0, 0
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				_, err := m.ask(t.Context(), t, "big.jpg", fmt.Sprintf("%dx", 60+i))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case errors.Is(err, originals.ErrQuarantined):
					refused++
				case errors.Is(err, resize.ErrDied):
					died++
				default:
					t.Errorf("%v", err)
				}
			})
		}
		synctest.Wait()
		close(release)
		all.Wait()
		if n := len(m.engine.Take()); died != 1 || refused != 9 || n > 3 {
			t.Errorf("%d died and %d were refused, of %d processes", died, refused, n)
		}
	})
}

func variants(t *testing.T, all ...string) (variants []prime.Variant) {
	t.Helper()
	for _, ops := range all {
		variants = append(variants, prime.Variant{Variant: parse(t, ops)})
	}
	return variants
}
