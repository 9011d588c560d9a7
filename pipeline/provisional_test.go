package pipeline_test

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

const (
	webp = variant.AcceptWebP
	avif = variant.AcceptAVIF
	jxl  = variant.AcceptJXL
)

// newAdaptive returns a fixture whose largest AVIF has 100x75 pixels.
func newAdaptive(t *testing.T, change ...func(*pipeline.Config)) *largeFixture {
	return newLargeFixture(t, append([]func(*pipeline.Config){func(c *pipeline.Config) {
		c.Adaptive, c.Render.Settings.AVIFMaxPixels = true, 100*75
	}}, change...)...)
}

// get asks for a picture, and checks whether it is provisional.
func (m *largeFixture) get(t *testing.T, ops string, a variant.Accept, source pipeline.Source, provisional bool) {
	t.Helper()
	r, err := m.Picture(t.Context(), "big.jpg", parse(t, ops), a)
	if err != nil {
		t.Errorf("%s: %v", ops, err)
		return
	}
	r.Blob.Close()
	if r.Source != source || r.Provisional != provisional {
		t.Errorf("%s: from %d, provisional %t, want %d, %t", ops, r.Source, r.Provisional, source, provisional)
	}
}

// The first answer is a picture that is fast to make, the next one the best picture.
func TestProvisional(t *testing.T) {
	for name, tt := range map[string]struct {
		accept variant.Accept
		first  string
	}{
		"WebP":          {webp | avif, "640>60webp"},
		"JPEG":          {avif, "640>60"},
		"saving data":   {webp | avif | variant.SaveData, "640>60webp"},
		"prefers WebP":  {webp | avif | variant.PreferWebP, "640>60webp"},
		"has no better": {webp, "640>60webp"},
		"JPEG XL":       {webp | jxl, "640>60webp"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newAdaptive(t)
				better := tt.accept&(avif|jxl) != 0 && tt.accept&variant.PreferWebP == 0
				m.get(t, "60x,f_auto", tt.accept, pipeline.Made, better)
				synctest.Wait()
				made := []string{tt.first, "640>200"}
				if better {
					made = append(made, map[bool]string{true: "200>60avif", false: "200>60jxl"}[tt.accept&avif != 0])
				}
				m.engine.Want(t, "in all", made...)
				m.get(t, "60x,f_auto", tt.accept, pipeline.FromMemory, false)
				m.engine.Want(t, "the next time")
			})
		})
	}
}

// A picture that would not be an AVIF anyway is made once, and is not provisional.
func TestNotProvisional(t *testing.T) {
	for name, tt := range map[string]struct {
		ops    string
		config func(*pipeline.Config)
		known  bool
		made   []string
	}{
		"too large":             {ops: "300x,f_auto", made: []string{"640>300webp", "640>200"}},
		"known to be too large": {ops: "300x,f_auto", known: true, made: []string{"640>300webp"}},
		"a format":              {ops: "60x,f_avif", made: []string{"640>60avif", "640>200"}},
		"off":                   {ops: "60x,f_auto", config: func(c *pipeline.Config) { c.Adaptive = false }, made: []string{"640>60avif", "640>200"}},
		"JSON":                  {ops: "info", made: nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newAdaptive(t)
				if tt.config != nil {
					c := m.config
					tt.config(&c)
					m.start(c)
				}
				if tt.known {
					m.get(t, "20x", 0, pipeline.Made, false)
					synctest.Wait()
					m.engine.Take()
				}
				m.get(t, tt.ops, webp|avif, pipeline.Made, false)
				synctest.Wait()
				m.get(t, tt.ops, webp|avif, pipeline.FromMemory, false)
				if tt.made != nil {
					m.engine.Want(t, "in all", tt.made...)
				}
			})
		})
	}
}

// The mezzanine tells what the original is: nothing is made twice because the original
// was purged.
func TestNotProvisionalOfMezzanine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newAdaptive(t, func(c *pipeline.Config) { c.Render.Settings.AVIFMaxPixels = 60 * 45 })
		m.get(t, "60x", 0, pipeline.Made, false)
		synctest.Wait()
		m.purge(t, "big.jpg")
		m.start(m.config) // a restart
		m.get(t, "80x,f_auto", webp|avif, pipeline.Made, false)
		synctest.Wait()
		m.get(t, "80x,f_auto", webp|avif, pipeline.FromMemory, false)
		m.engine.Want(t, "in all", "640>60", "640>200", "200>80webp")
	})
}

// Simultaneous requests all get the provisional picture at once, and the better one is
// made once.
func TestProvisionalForMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newAdaptive(t)
		release := m.engine.Hold("200>60avif")
		fetched := m.origin.Hold()
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { m.get(t, "60x,f_auto", webp|avif, pipeline.Made, true) })
		}
		synctest.Wait()
		fetched()
		all.Wait()
		synctest.Wait()
		for range 10 {
			m.get(t, "60x,f_auto", webp|avif, pipeline.FromMemory, true)
			synctest.Wait()
		}
		release()
		synctest.Wait()
		m.engine.Want(t, "in all", "640>60webp", "640>200", "200>60avif")
	})
}

// At most 64 upgrades are queued; one that found no place is made when it is asked for
// again.
func TestBetterIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newAdaptive(t)
		m.get(t, "300x", 0, pipeline.Made, false)
		synctest.Wait()
		release := m.engine.Hold("200>1avif")
		for i := range 70 {
			m.get(t, fmt.Sprintf("%dx,f_auto", i+1), webp|avif, pipeline.Made, true)
			synctest.Wait()
		}
		if n := m.mezzanines.Unclosed() + m.originals.Unclosed(); n != 0 {
			t.Errorf("%d files are open", n)
		}
		before := m.derivatives.Len()
		release()
		synctest.Wait()
		if n := m.derivatives.Len() - before; n != 64 {
			t.Errorf("%d better ones, want 64", n)
		}
		m.get(t, "70x,f_auto", webp|avif, pipeline.FromMemory, true)
		synctest.Wait()
		m.get(t, "70x,f_auto", webp|avif, pipeline.FromMemory, false)
	})
}

// If the provisional picture fails, the error is that of any picture.
func TestProvisionalFails(t *testing.T) {
	m := newAdaptive(t)
	for key, kind := range map[variant.Key]error{"no.jpg": storage.ErrNotFound, "broken.jpg": header.ErrBroken, "text.jpg": header.ErrNotPicture} {
		if r, err := m.Picture(t.Context(), key, parse(t, "60x,f_auto"), webp|avif); !errors.Is(err, kind) {
			t.Errorf("%s: %+v, %v", key, r, err)
		}
	}
}

// An upgrade that has failed is not tried again for ten minutes.
func TestBetterFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newAdaptive(t, func(c *pipeline.Config) { c.Render.Settings.MezzanineSide = 0 })
		m.engine.Hold("640>60avif")
		m.get(t, "60x,f_auto", webp|avif, pipeline.Made, true)
		pass(2 * time.Minute) // it was too slow
		for range 3 {
			m.get(t, "60x,f_auto", webp|avif, pipeline.FromMemory, true)
			synctest.Wait()
		}
		m.engine.Want(t, "at first", "640>60webp", "640>60avif")
		m.engine.SetStop(nil)
		pass(10 * time.Minute)
		m.get(t, "60x,f_auto", webp|avif, pipeline.FromMemory, true)
		synctest.Wait()
		m.engine.Want(t, "after a while", "640>60avif")
		m.get(t, "60x,f_auto", webp|avif, pipeline.FromMemory, false)
	})
}

// If the disk keeps nothing, no upgrade is made.
func TestBetterIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newAdaptive(t)
		m.derivatives.FailFill(syscall.ENOSPC)
		m.get(t, "60x,f_auto", webp|avif, pipeline.Made, true)
		synctest.Wait()
		m.get(t, "60x,f_auto", webp|avif, pipeline.FromMemory, true)
		synctest.Wait()
		m.engine.Want(t, "in all", "640>60webp", "640>200")
	})
}

// A picture whose plan depends on the pixels is upgraded, too.
func TestBetterAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newAdaptive(t)
		m.engine.Inner = resize.Rect{Width: 640, Height: 480}
		m.get(t, "60x,f_auto,trim", webp|avif, pipeline.Made, true)
		synctest.Wait()
		m.get(t, "60x,f_auto,trim", webp|avif, pipeline.FromMemory, false)
		m.engine.Want(t, "in all", "640>60webp", "640>200", "640>60avif")
	})
}

// An upgrade of an older original is not served when the original has changed; and no
// file stays open.
func TestProvisionalOfAnotherOriginal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newAdaptive(t, revalidating, func(c *pipeline.Config) { c.Derivatives.MemoryBytes = 0 })
		m.get(t, "60x,f_auto", webp|avif, pipeline.Made, true)
		synctest.Wait()
		m.get(t, "60x,f_auto", webp|avif, pipeline.FromDisk, false)
		m.origin.Put("big.jpg", picture(640, 320))
		m.origin.SetModTime("big.jpg", time.Now().UTC().Truncate(time.Second))
		pass(30 * 24 * time.Hour)
		m.get(t, "60x,f_auto", webp|avif, pipeline.Made, true)
		synctest.Wait()
		m.get(t, "60x,f_auto", webp|avif, pipeline.FromDisk, false)
	})
}
