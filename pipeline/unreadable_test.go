package pipeline_test

import (
	"bytes"
	"errors"
	"io"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// asked are the ways of using an original that is in the cache.
var asked = map[string]func(*fixture, *testing.T){
	"a picture": func(h *fixture, t *testing.T) { h.want(t, "cat.jpg", "40x30", pipeline.Made, 40, 30) },
	"/raw/":     func(h *fixture, t *testing.T) { h.wantRaw(t, "cat.jpg") },
	"/info/": func(h *fixture, t *testing.T) {
		r, err := h.ask(t.Context(), t, "cat.jpg", "info")
		if err != nil {
			t.Fatal(err)
		}
		r.Blob.Close()
	},
	"prime": func(h *fixture, t *testing.T) {
		r := h.Prime(t.Context(), "cat.jpg", []prime.Variant{{Variant: parse(t, "40x30")}, {Variant: parse(t, "30x")}})
		if r.Made != 2 || r.Failed != 0 {
			t.Errorf("primed: %+v", r)
		}
	},
}

func (h *fixture) wantRaw(t *testing.T, key variant.Key) {
	t.Helper()
	r, err := h.Original(t.Context(), key, variant.Variant{Kind: variant.Raw}, storage.LinkOptions{})
	if err != nil {
		t.Fatalf("original of %s: %v", key, err)
	}
	defer r.Blob.Close()
	body, err := io.ReadAll(r.Blob.Content())
	if err != nil || !bytes.Equal(body, picture(80, 60)) || r.MediaType != "image/jpeg" {
		t.Errorf("original of %s: %d bytes %s, %v", key, len(body), r.MediaType, err)
	}
}

// restarted is another pipeline on the same origin and stores, which remembers nothing.
func (h *fixture) restarted() *fixture {
	next := newFixture(func(c *pipeline.Config) {
		c.Originals.Origin, c.Originals.Cache, c.Derivatives.Cache = h.origin, h.originals, h.derivatives
	})
	next.origin, next.originals, next.derivatives = h.origin, h.originals, h.derivatives
	return next
}

// A cached original that cannot be read is a miss, wherever reading it fails: it is
// fetched, answered from memory, and its file removed and written anew. It is not
// taken for a broken picture, nor for a failure of the origin.
func TestUnreadableOriginal(t *testing.T) {
	t.Parallel()
	for how, ask := range asked {
		for _, known := range []bool{false, true} { // its header, so that it is read as a whole only
			for _, goesOn := range []bool{false, true} { // the disk fails for what is written now, too
				if how == "prime" && goesOn { // which reads all that it uses from disk
					continue
				}
				for _, n := range []int64{0, 1, 200, int64(len(picture(80, 60))) - 1} {
					if how == "/raw/" && n > 1 { // it is sent while it is read
						continue
					}
					h := newFixture()
					h.want(t, "cat.jpg", "20x", pipeline.Made, 20, 15)
					if !known {
						h = h.restarted()
					}
					h.originals.Damage(syscall.EIO, n)
					if goesOn {
						h.originals.FailRead(syscall.EIO, n)
					}
					ask(h, t)
					if opens, removes := h.origin.TotalOpens(), h.originals.Counts().Removes; opens != 2 || removes == 0 {
						t.Errorf("%s, known %v, goes on %v, %d bytes: fetched %d times, removed %d times", how, known, goesOn, n, opens, removes)
					}
					if _, err := h.originals.Open(variant.Variant{}.Original("cat.jpg")); err != nil {
						t.Errorf("%s: not written anew: %v", how, err)
					}
				}
			}
		}
	}
}

// One that cannot be opened is fetched as well.
func TestOriginalThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	for how, ask := range asked {
		if how == "prime" {
			continue
		}
		h := newFixture()
		h.want(t, "cat.jpg", "20x", pipeline.Made, 20, 15)
		h.originals.FailOpen(errors.Join(cache.ErrUnreadable, syscall.EIO))
		ask(h, t)
		if opens := h.origin.TotalOpens(); opens != 2 {
			t.Errorf("%s: fetched %d times", how, opens)
		}
	}
}

// A derivative that cannot be read is made anew.
func TestUnreadableDerivative(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{0, 1, 100} {
		h := newFixture()
		h.want(t, "cat.jpg", "40x30", pipeline.Made, 40, 30)
		h = h.restarted()
		h.derivatives.Damage(syscall.EIO, n)
		h.want(t, "cat.jpg", "40x30", pipeline.Made, 40, 30)
		if removes := h.derivatives.Counts().Removes; removes == 0 || h.resizer.Calls() != 1 {
			t.Errorf("%d bytes: removed %d times, made %d times", n, removes, h.resizer.Calls())
		}
		h.restarted().want(t, "cat.jpg", "40x30", pipeline.FromDisk, 40, 30)
	}
}

// So is a mezzanine, and what was to be made of it is made of the original.
func TestUnreadableMezzanine(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{0, 50, 600} {
		synctest.Test(t, func(t *testing.T) {
			m := newLargeFixture(t)
			m.want(t, "big.jpg", "300x", pipeline.Made, 300, 225)
			synctest.Wait()
			m.engine.Take()
			m.mezzanines.Damage(syscall.EIO, n)
			m.want(t, "big.jpg", "60x", pipeline.Made, 60, 45)
			synctest.Wait()
			m.engine.Want(t, "of an unreadable mezzanine", "640>60", "640>200")
			m.want(t, "big.jpg", "40x", pipeline.Made, 40, 30)
			m.engine.Want(t, "of the next one", "200>40")
			if m.origin.TotalOpens() != 1 {
				t.Errorf("fetched %d times", m.origin.TotalOpens())
			}
		})
	}
}
