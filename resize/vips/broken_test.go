package vips

import (
	"bytes"
	"errors"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// cuts are lengths to which a file is cut: some all over, and all near its end.
func cuts(size int) []int {
	var list []int
	for i := range 30 {
		list = append(list, size*i/30)
	}
	for i := 1; i <= 12; i++ {
		list = append(list, size-i)
	}
	return list
}

// TestCutShort: wherever a file is cut, it is refused, by Inspect or else by the
// engine; but a GIF that lacks no more than its end mark is whole.
func TestCutShort(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, name := range sample.Every(3, []string{
		"orientation-6.jpg", "p3.jpg", "trailing.jpg", "scans.jpg", "disc.png", "interlaced.png", "palette.png", "animated.gif", "one-frame.gif", "lossless.webp", "alpha.webp",
		"animated.webp", "photo.avif", "scene.heic", "exif.webp", "scene.jxl", "scene.jp2", "lzw.tif",
	}) {
		src := testdata(t, "odd/"+name)
		end := len(src)
		switch name {
		case "trailing.jpg": // what is behind its end is not missed
			end = bytes.LastIndex(src[:len(src)-4096+2], []byte{0xff, 0xd9}) + 2
		case "scans.jpg": // refused anyway
			continue
		}
		for _, n := range cuts(end) {
			if n < 12 {
				continue
			}
			out, err := make1(e, src[:n], "60x,f_png")
			if errors.Is(err, header.ErrBroken) || err == nil && name[len(name)-3:] == "gif" && n == end-1 {
				continue
			}
			t.Errorf("%s cut to %d of %d: %d bytes, %v", name, n, end, len(out), err)
		}
	}
}

// TestDecodePartial: an engine that is told to makes what is there, and says that it is
// broken all the same.
func TestDecodePartial(t *testing.T) {
	t.Parallel()
	strict, lenient := engineOf(t, engine.Config{}), engineOf(t, engine.Config{Lenient: true})
	for _, name := range []string{"truncated.jpg", "truncated.png", "truncated.webp", "truncated.gif", "animated.gif", "animated.webp", "lossless.webp", "cmyk.jpg"} {
		src := testdata(t, "odd/"+name)
		if name[0] != 't' {
			src = src[:len(src)*7/10]
		}
		for _, ops := range sample.Every(3, []string{"60x,f_png", "40x40,f_jpeg", "40x30,fit_contain,f_webp", "50x,blur_2,f_gif", "30x30,g_smart", "40x,trim"}) {
			h, err := inspect(strict, src, 1)
			if !errors.Is(err, header.ErrBroken) || h.Width == 0 {
				t.Fatalf("%s: %+v, %v", name, h, err)
			}
			v, err := variant.Parse(ops)
			if err != nil {
				t.Fatal(err)
			}
			if resize.NeedsLook(v) {
				if v, err = lenient.Look(t.Context(), resize.InMemory(src), h, v); err != nil {
					t.Errorf("%s, %s: %v", name, ops, err)
					continue
				}
			}
			p, err := resize.NewPlan(h, v, 0, settings(lenient))
			if err != nil {
				t.Fatal(err)
			}
			if h.Pages > 1 { // those that are whole, which Inspect has told
				continue
			}
			if out, err := strict.Resize(t.Context(), resize.InMemory(src), h, p); out != nil || !errors.Is(err, header.ErrBroken) {
				t.Errorf("%s, %s: %d bytes, %v from the strict one", name, ops, len(out), err)
			}
			out, err := lenient.Resize(t.Context(), resize.InMemory(src), h, p)
			if len(out) == 0 || !errors.Is(err, header.ErrBroken) {
				t.Errorf("%s, %s: %d bytes, %v", name, ops, len(out), err)
				continue
			}
			if got := headerOf(t, out); got.Width != p.CanvasW || got.Height != p.CanvasH {
				t.Errorf("%s, %s: %+v", name, ops, got)
			}
		}
	}
	// The upper part of a cut scene is there.
	src := testdata(t, "odd/truncated.jpg")
	h, _ := inspect(strict, src, 1)
	p, err := resize.NewPlan(h, variant.Variant{Width: 120, Format: variant.PNG}, 0, settings(lenient))
	if err != nil {
		t.Fatal(err)
	}
	out, _ := lenient.Resize(t.Context(), resize.InMemory(src), h, p)
	half, whole := decoded(t, strict, out), sceneOf(t, strict, "120x")
	for x := range 120 {
		if p, q := half.NRGBAAt(x, 20), whole.NRGBAAt(x, 20); off(p, q) > 60 {
			t.Errorf("column %d of the upper part is %v, was %v", x, p, q)
		}
	}
	// A whole picture is no half one.
	good := testdata(t, "odd/orientation-6.jpg")
	h, p = plan(t, lenient, good, "60x")
	if _, err := lenient.Resize(t.Context(), resize.InMemory(good), h, p); err != nil {
		t.Errorf("a good picture: %v", err)
	}
	// Damage inside is told, too: it must not be kept.
	png := damaged(testdata(t, "odd/interlaced.png"), 50)
	h, p = plan(t, lenient, png, "60x")
	if out, err := lenient.Resize(t.Context(), resize.InMemory(png), h, p); !errors.Is(err, header.ErrBroken) {
		t.Errorf("a PNG with a wrong checksum: %d bytes, %v", len(out), err)
	}
}

// TestHalfAnimation: the frames that are whole move.
func TestHalfAnimation(t *testing.T) {
	t.Parallel()
	e := engineOf(t, engine.Config{Lenient: true})
	for _, name := range []string{"animated.gif", "animated.webp"} {
		src := testdata(t, "odd/"+name)
		src = src[:len(src)*7/10]
		h, err := inspect(e, src, 1)
		if !errors.Is(err, header.ErrBroken) || h.Pages < 3 || h.Pages > 11 {
			t.Fatalf("%s: %+v, %v", name, h, err)
		}
		for _, f := range []variant.Format{variant.GIF, variant.WebP, variant.PNG} {
			p, err := resize.NewPlan(h, variant.Variant{Width: 60, Format: f}, 0, settings(e))
			if err != nil {
				t.Fatal(err)
			}
			out, err := e.Resize(t.Context(), resize.InMemory(src), h, p)
			if err != nil && !errors.Is(err, header.ErrBroken) || len(out) == 0 {
				t.Errorf("%s as %v: %d bytes, %v", name, f, len(out), err)
			} else if got := headerOf(t, out).Pages; got != p.Frames {
				t.Errorf("%s as %v: %d frames, want %d", name, f, got, p.Frames)
			}
		}
	}
}
