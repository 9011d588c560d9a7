package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// The first derivative is made from the original, the others from its mezzanine, as
// far as that is large enough.
func TestMezzanine(t *testing.T) {
	tests := []struct {
		key  variant.Key
		ops  string
		made string
		w, h int
	}{
		{"big.jpg", "100x", "200>100", 100, 75},
		{"big.jpg", "75x75", "200>100", 75, 75},
		{"big.jpg", "90x90", "640>120", 90, 90},
		{"big.jpg", "80x,crop_0_0_50p_50p", "640>160", 80, 60},
		{"big.jpg", "40x,crop_0_0_320_240", "200>80", 40, 30},
		{"big.jpg", "102x", "640>102", 102, 77},
		{"big.jpg", "40x,page_1", "200>40", 40, 30},
		{"cat.jpg", "40x", "80>40", 40, 30}, // is small
	}
	for _, tt := range tests {
		t.Run(tt.ops, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newLargeFixture(t)
				m.want(t, "big.jpg", "300x", pipeline.Made, 300, 225)
				synctest.Wait()
				m.engine.Want(t, "the first", "640>300", "640>200")
				m.want(t, tt.key, tt.ops, pipeline.Made, tt.w, tt.h)
				synctest.Wait()
				m.engine.Want(t, "the second", tt.made)
				if m.mezzanines.Len() != 1 || m.mezzanines.Counts().Fills != 1 {
					t.Errorf("%d mezzanines, and %d were written", m.mezzanines.Len(), m.mezzanines.Counts().Fills)
				}
			})
		})
	}
}

// Derivatives that depend on pixels, pages, metadata or lossless data are made from the
// original.
func TestMezzanineDoesNotServe(t *testing.T) {
	for _, ops := range []string{"40x40,g_smart", "40x,trim", "40x,f_png", "info", "40x,f_webp,lossless"} {
		t.Run(ops, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newLargeFixture(t)
				m.engine.Inner = resize.Rect{Width: 640, Height: 480}
				m.want(t, "big.jpg", "60x", pipeline.Made, 60, 45)
				synctest.Wait()
				m.engine.Want(t, "the first", "640>60", "640>200")
				r, err := m.ask(t.Context(), t, "big.jpg", ops)
				if err != nil {
					t.Fatal(err)
				}
				r.Blob.Close()
				if made := m.engine.Take(); len(made) == 0 || !strings.HasPrefix(made[0], "640>") {
					t.Errorf("is made as %q, want of the original", made)
				}
			})
		})
	}
}

// Without the original, and with its origin down, the mezzanine still serves.
func TestMezzanineStandsIn(t *testing.T) {
	tests := []struct {
		name   string
		config func(*pipeline.Config)
		after  time.Duration
		set    func(*largeFixture)
		stale  bool
		aging  bool
	}{
		{"no revalidation", nil, 0, (*largeFixture).down, false, false},
		{"no revalidation, read-only", nil, 0, func(m *largeFixture) { m.Originals.SetReadOnly(true) }, false, false},
		{"young", revalidating, time.Hour, (*largeFixture).down, false, false},
		{"old, read-only", revalidating, 48 * time.Hour, func(m *largeFixture) { m.Originals.SetReadOnly(true) }, true, false},
		{"old", revalidating, 48 * time.Hour, (*largeFixture).down, false, true},
		{"very old", revalidating, 30 * 24 * time.Hour, (*largeFixture).down, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newLargeFixture(t, func(c *pipeline.Config) {
					if tt.config != nil {
						tt.config(c)
					}
				})
				first := m.want(t, "big.jpg", "60x", pipeline.Made, 60, 45)
				pass(tt.after)
				m.purge(t, "big.jpg")
				tt.set(m)
				r := m.want(t, "big.jpg", "40x", pipeline.Made, 40, 30)
				if r.Stale != tt.stale || r.Revalidating != tt.aging || !r.Stored || !r.Blob.ModTime.Equal(first.Blob.ModTime) {
					t.Errorf("stale %t, aging %t, stored %t, of %v", r.Stale, r.Revalidating, r.Stored, r.Blob.ModTime)
				}
				synctest.Wait()
				m.engine.Want(t, "in all", "640>60", "640>200", "200>40")
				if _, err := m.ask(t.Context(), t, "big.jpg", "300x"); err == nil {
					t.Error("what the mezzanine is too small for is given all the same")
				}
			})
		})
	}
}

func revalidating(c *pipeline.Config) {
	c.Originals.Revalidate, c.Originals.RevalidateSync, c.Originals.NegativeTTL = 24*time.Hour, 7*24*time.Hour, time.Minute
}

// Nothing is made from the mezzanine of an original that has changed, however that
// becomes known.
func TestMezzanineOfAnOlderOriginal(t *testing.T) {
	for name, known := range map[string]struct {
		config func(*pipeline.Config)
		by     func(*testing.T, *largeFixture)
	}{
		"the place is asked": {revalidating, func(t *testing.T, _ *largeFixture) { pass(30 * 24 * time.Hour) }},
		"it was asked before": {revalidating, func(t *testing.T, m *largeFixture) {
			pass(48 * time.Hour)
			m.want(t, "big.jpg", "60x", pipeline.FromMemory, 60, 45)
			synctest.Wait()
		}},
		"it was fetched for another size": {func(*pipeline.Config) {}, func(t *testing.T, m *largeFixture) {
			m.purge(t, "big.jpg")
			release := m.engine.Hold("640>200")
			m.want(t, "big.jpg", "300x", pipeline.Made, 300, 150)
			t.Cleanup(release)
		}},
		"somebody else has fetched it": {func(*pipeline.Config) {}, func(t *testing.T, m *largeFixture) {
			name := variant.Variant{}.Original("big.jpg")
			b, err := m.originals.Fill(t.Context(), name, bytes.NewReader(picture(640, 320)), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			b.Close()
		}},
		"it was forgotten": {func(*pipeline.Config) {}, func(t *testing.T, m *largeFixture) {
			if f, err := m.Forget("big.jpg"); err != nil || f.Mezzanines != 1 || f.MezzanineBytes < 1000 {
				t.Errorf("forgot %+v, %v", f, err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newLargeFixture(t, known.config)
				m.want(t, "big.jpg", "60x", pipeline.Made, 60, 45)
				synctest.Wait()
				m.origin.Put("big.jpg", picture(640, 320))
				m.origin.SetModTime("big.jpg", time.Now().UTC().Truncate(time.Second).Add(time.Hour))
				known.by(t, m)
				m.want(t, "big.jpg", "40x", pipeline.Made, 40, 20)
				m.engine.SetStop(nil)
				synctest.Wait()
				m.purge(t, "big.jpg")
				m.want(t, "big.jpg", "20x", pipeline.Made, 20, 10)
			})
		})
	}
}

// A mezzanine of an older original is replaced.
func TestMezzanineIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLargeFixture(t)
		m.want(t, "big.jpg", "60x", pipeline.Made, 60, 45)
		synctest.Wait()
		m.purge(t, "big.jpg")
		m.origin.Put("big.jpg", picture(640, 320))
		m.origin.SetModTime("big.jpg", time.Now().UTC().Truncate(time.Second))
		m.want(t, "big.jpg", "300x", pipeline.Made, 300, 150)
		synctest.Wait()
		m.engine.Want(t, "in all", "640>60", "640>200", "640>300", "640>200")
		m.purge(t, "big.jpg")
		m.down()
		m.want(t, "big.jpg", "40x", pipeline.Made, 40, 20)
	})
}

// The mezzanine of a picture that is forgotten while it is made is not kept.
func TestForgetWhileMakingMezzanine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLargeFixture(t)
		release := m.engine.Hold("640>200")
		m.want(t, "big.jpg", "60x", pipeline.Made, 60, 45)
		synctest.Wait()
		if _, err := m.Forget("big.jpg"); err != nil {
			t.Fatal(err)
		}
		release()
		synctest.Wait()
		if m.mezzanines.Len() != 0 {
			t.Error("a mezzanine of what was forgotten is kept")
		}
		m.want(t, "big.jpg", "40x", pipeline.Made, 40, 30)
		synctest.Wait()
		if m.mezzanines.Len() != 1 {
			t.Error("it has no mezzanine after that")
		}
	})
}

// A mezzanine that is written just after its picture was forgotten is removed again.
func TestForgetWhileKeepingMezzanine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLargeFixture(t)
		m.mezzanines.Filled = func() {
			m.mezzanines.FailRemove(syscall.EIO) // as if it were removed before it was there
			if _, err := m.Forget("big.jpg"); !errors.Is(err, syscall.EIO) {
				t.Error(err)
			}
			m.mezzanines.FailRemove(nil)
		}
		m.want(t, "big.jpg", "60x", pipeline.Made, 60, 45)
		synctest.Wait()
		if m.mezzanines.Counts().Fills != 1 || m.mezzanines.Len() != 0 {
			t.Errorf("%d are kept of %d", m.mezzanines.Len(), m.mezzanines.Counts().Fills)
		}
	})
}

// If the disk does not take mezzanines, or does not give them back, at most one a
// minute is made.
func TestMezzaninesThatAreNotKept(t *testing.T) {
	for name, tt := range map[string]struct {
		fail func(*cachetest.OpenBlobs)
		made []string
	}{
		"full":       {func(f *cachetest.OpenBlobs) { f.FailFill(syscall.ENOSPC) }, []string{"640>60", "640>200", "640>40", "640>20"}},
		"unreadable": {func(f *cachetest.OpenBlobs) { f.FailOpen(syscall.EIO) }, []string{"640>60", "640>40", "640>20"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newLargeFixture(t)
				tt.fail(m.mezzanines)
				for _, width := range []int{60, 40, 20} {
					m.want(t, "big.jpg", fmt.Sprintf("%dx", width), pipeline.Made, width, width*3/4)
					synctest.Wait()
				}
				m.engine.Want(t, "with the disk", tt.made...)
				pass(time.Minute)
				m.mezzanines.FailFill(nil)
				m.mezzanines.FailOpen(nil)
				m.want(t, "big.jpg", "32x", pipeline.Made, 32, 24)
				synctest.Wait()
				m.want(t, "big.jpg", "16x", pipeline.Made, 16, 12)
				m.engine.Want(t, "with a disk that works", "640>32", "640>200", "200>16")
			})
		})
	}
}

// No mezzanine is made if the original could not be kept, or if there is no cache for
// mezzanines.
func TestNoMezzanine(t *testing.T) {
	for name, change := range map[string]func(*largeFixture, *pipeline.Config){
		"none wanted":                func(_ *largeFixture, c *pipeline.Config) { c.Render.Settings.MezzanineSide = 0 },
		"nowhere":                    func(_ *largeFixture, c *pipeline.Config) { c.Mezzanines.Cache = cache.Discard{} },
		"no cache":                   func(_ *largeFixture, c *pipeline.Config) { c.Mezzanines.Cache = nil },
		"the original is not kept":   func(m *largeFixture, _ *pipeline.Config) { m.originals.FailFill(syscall.ENOSPC) },
		"the original cannot be had": func(m *largeFixture, _ *pipeline.Config) { m.originals.FailOpen(syscall.EIO) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newLargeFixture(t)
				c := m.config
				change(m, &c)
				m.start(c)
				release := m.origin.Hold()
				var all sync.WaitGroup
				for _, ops := range []string{"60x", "40x"} { // both at once, too
					all.Go(func() {
						if r, err := m.ask(t.Context(), t, "big.jpg", ops); err != nil {
							t.Errorf("%s: %v", ops, err)
						} else {
							r.Blob.Close()
						}
					})
				}
				synctest.Wait()
				release()
				all.Wait()
				synctest.Wait()
				m.engine.Want(t, "in all", "640>60", "640>40")
				if m.mezzanines.Counts().Fills != 0 {
					t.Error("a mezzanine was written")
				}
			})
		})
	}
}

// A broken original gets no mezzanine, though derivatives of it are served.
func TestNoMezzanineOfBrokenOriginals(t *testing.T) {
	for name, broken := range map[string]func(*largeFixture){
		"cut short": func(m *largeFixture) { m.origin.Put("big.jpg", picture(640, 480)[:620]) },
		"inside":    func(*largeFixture) {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newLargeFixture(t, func(c *pipeline.Config) { c.ServeBroken = true })
				broken(m)
				m.engine.Fail, m.engine.Half = header.ErrBroken, picture(60, 45)
				var all sync.WaitGroup
				for _, ops := range []string{"60x", "59x", "58x"} { // together, which would pay
					all.Go(func() {
						r, err := m.ask(t.Context(), t, "big.jpg", ops)
						if err != nil || !r.Broken {
							t.Errorf("%s: %+v, %v", ops, r, err)
							return
						}
						r.Blob.Close()
					})
				}
				all.Wait()
				synctest.Wait()
				if n := m.mezzanines.Counts().Fills + m.derivatives.Len() + m.originals.Len(); n != 0 {
					t.Errorf("%d bodies were kept", n)
				}
			})
		})
	}
}

// A mezzanine that is damaged on disk is removed, and the original is used.
func TestDamagedMezzanine(t *testing.T) {
	original := header.Header{Format: variant.JPEG, Width: 640, Height: 480, Orientation: 1, Pages: 1, Scans: 1, Depth: 8}
	whole := func(body []byte) []byte {
		return resize.PackMezzanine(original, int64(len(picture(640, 480))), body)
	}
	damaged := picture(200, 150)
	damaged[200] ^= 0xff
	for name, body := range map[string][]byte{
		"no mezzanine": []byte("garbage"), "cut short": whole(picture(200, 150))[:300], "no picture": whole(nil), "inside": whole(damaged),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newLargeFixture(t)
				m.want(t, "big.jpg", "60x", pipeline.Made, 60, 45)
				synctest.Wait()
				m.engine.Want(t, "the first", "640>60", "640>200")
				m.overwrite(t, body)
				m.engine.SetStop(func(_ context.Context, what string) error {
					if what == "200>40" {
						return header.ErrBroken
					}
					return nil
				})
				m.want(t, "big.jpg", "40x", pipeline.Made, 40, 30)
				m.engine.SetStop(nil)
				synctest.Wait()
				m.engine.Take()
				m.want(t, "big.jpg", "20x", pipeline.Made, 20, 15)
				m.engine.Want(t, "with a new one", "200>20")
			})
		})
	}
}

// overwrite replaces the mezzanine of big.jpg on disk.
func (m *largeFixture) overwrite(t *testing.T, body []byte) {
	t.Helper()
	original, err := m.originals.Peek(variant.Key("big.jpg").Name())
	if err != nil {
		t.Fatal(err)
	}
	defer original.Close()
	name := variant.Variant{}.Name("big.jpg", 0, m.Render.Settings.MezzanineRecipe()+" "+m.Render.Resizer.Recipe())
	if _, err := m.mezzanines.Touch(name); err != nil {
		t.Fatal(err)
	}
	b, err := m.mezzanines.Fill(t.Context(), name, bytes.NewReader(body), original.ModTime)
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
}

// Each version has a mezzanine of its own, and they are forgotten together.
func TestMezzaninesOfVersions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLargeFixture(t)
		m.want(t, "big.jpg", "60x", pipeline.Made, 60, 45)
		m.origin.Put("big.jpg", picture(640, 320))
		m.want(t, "big.jpg", "60x,v_2", pipeline.Made, 60, 30)
		synctest.Wait()
		m.want(t, "big.jpg", "40x,v_2", pipeline.Made, 40, 20)
		m.want(t, "big.jpg", "40x", pipeline.Made, 40, 30)
		if f, err := m.Forget("big.jpg"); f.Mezzanines != 2 || err != nil {
			t.Errorf("forgot %+v, %v", f, err)
		}
	})
}

// The Observer is told of derivatives that requests wait for, and of mezzanines that
// are kept.
func TestMezzanineIsNoDerivative(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &observed{}
		m := newLargeFixture(t, func(c *pipeline.Config) { c.Observer = seen })
		m.want(t, "big.jpg", "60x", pipeline.Made, 60, 45)
		synctest.Wait()
		m.want(t, "big.jpg", "40x", pipeline.Made, 40, 30)
		m.Prime(t.Context(), "big.jpg", []prime.Variant{{Variant: parse(t, "30x")}, {Variant: parse(t, "300x")}, {Variant: parse(t, "2x")}, {Variant: parse(t, "x9999,up_1")}})
		if seen.resized != 2 || seen.kept[eviction.Mezzanines] != 1 || seen.kept[eviction.Derivatives] != 5 || seen.primed != [2]int{3, 1} {
			t.Errorf("observed %+v", seen)
		}
	})
}

type observed struct {
	pipeline.NopObserver
	mu      sync.Mutex
	resized int
	kept    [eviction.Tiers]int
	primed  [2]int // without and with an error
}

func (o *observed) Resized(render.Input, time.Duration, error) { o.tell(func() { o.resized++ }) }

func (o *observed) Kept(tier eviction.Tier, _ int64, err error) {
	o.tell(func() {
		if err == nil {
			o.kept[tier]++
		}
	})
}

func (o *observed) Primed(err error) {
	o.tell(func() {
		if err != nil {
			o.primed[1]++
		} else {
			o.primed[0]++
		}
	})
}

func (o *observed) tell(change func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change()
}

// When an original does not exist any more, its mezzanine is removed, too.
func TestGoneOriginalHasNoMezzanine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLargeFixture(t, revalidating)
		m.want(t, "big.jpg", "60x", pipeline.Made, 60, 45)
		synctest.Wait()
		m.origin.Remove("big.jpg")
		pass(30 * 24 * time.Hour)
		if _, err := m.ask(t.Context(), t, "big.jpg", "40x"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("got %v", err)
		}
		if n := m.mezzanines.Len() + m.originals.Len() + m.derivatives.Len(); n != 0 {
			t.Errorf("%d files are left", n)
		}
	})
}
