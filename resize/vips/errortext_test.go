package vips

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
)

// failing are pictures that pass inspection and that libvips refuses: how it loads
// them, and a word that is in all that it says of the one and in nothing that it says
// of the other.
var failing = []struct{ loader, src, word string }{
	{"svgload_buffer", `<svg width="40" height="30"><a></b></svg>`, "svg"},
	{"pdfload_buffer", "%PDF-1.4 and no more", "pdf"},
}

// TestErrorTextOfOne: while libvips works on one picture, its error is told.
func TestErrorTextOfOne(t *testing.T) {
	engineOf(t, engine.Config{Formats: header.AllFormats})
	for _, f := range failing {
		r := newRun()
		again := r.another() // of the same picture
		for _, r := range []*run{again, r} {
			r.Open(f.loader, []byte(f.src))
			if text := r.Err.Error(); text == f.loader+" failed" || !strings.HasPrefix(text, f.loader+": ") {
				t.Errorf("%s: %s", f.loader, text)
			}
		}
		again.Close()
		r.Close()
	}
}

// TestErrorTextOfTwo: while it works on two, in whatever order they begin and fail,
// neither is told what may be the other's.
func TestErrorTextOfTwo(t *testing.T) {
	engineOf(t, engine.Config{Formats: header.AllFormats})
	for _, order := range [][2]int{{0, 1}, {1, 0}} {
		first, second := failing[order[0]], failing[order[1]]
		a := newRun()
		b := newRun()
		b.Open(second.loader, []byte(second.src))
		a.Open(first.loader, []byte(first.src))
		for _, got := range []struct{ text, want string }{
			{a.Err.Error(), first.loader + " failed"}, {b.Err.Error(), second.loader + " failed"},
		} {
			if got.text != got.want {
				t.Errorf("%q instead of %q", got.text, got.want)
			}
		}
		b.Close()
		// What the other left in the buffer, or may have, is not told later either.
		late := a.another()
		late.Open(first.loader, []byte(first.src))
		if late.Err.Error() != first.loader+" failed" {
			t.Errorf("after the other has ended: %v", late.Err)
		}
		late.Close()
		a.Close()
	}
}

// TestErrorTextsSideBySide: of many pictures of two kinds that fail at once, none is
// told what libvips said of the other kind.
func TestErrorTextsSideBySide(t *testing.T) {
	e := engineOf(t, engine.Config{Formats: header.AllFormats})
	var all sync.WaitGroup
	for i, f := range failing {
		other := failing[1-i]
		for range 4 {
			all.Go(func() {
				for range 25 {
					_, err := make1(e, []byte(f.src), "20x")
					if !errors.Is(err, header.ErrBroken) || !strings.Contains(err.Error(), f.loader) || strings.Contains(strings.ToLower(err.Error()), other.word) {
						t.Errorf("%s: %v", f.loader, err)
					}
				}
			})
		}
	}
	all.Wait()
}
