package vips

import (
	"errors"
	"image/color"
	"os"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

// What is not among the formats is neither taken by Resize nor can libvips load it;
// but for what mezzanines and documents are made in.
func TestOnlyItsFormats(t *testing.T) {
	files := map[variant.Format]string{
		variant.JPEG: "odd/gray.jpg", variant.PNG: "odd/alpha.png", variant.WebP: "odd/alpha.webp", variant.AVIF: "odd/photo.avif",
		variant.HEIC: "odd/scene.heic", variant.GIF: "odd/animated.gif", variant.TIFF: "odd/lzw.tif", variant.SVG: "odd/drawing.svg",
		variant.JXL: "odd/scene.jxl", variant.JP2: "odd/scene.jp2", variant.PDF: "odd/pages.pdf",
	}
	defer reconfigure(t) // the loaders are the process's
	headers, all := map[variant.Format]header.Header{}, engineOf(t, engine.Config{Formats: header.AllFormats})
	for f, name := range files {
		h, err := inspect(all, testdata(t, name), 1)
		if err != nil {
			t.Fatal(err)
		}
		headers[f] = h
	}
	for _, formats := range []header.Formats{0, header.FormatsOf(variant.JPEG), header.FormatsOf(variant.AVIF, variant.TIFF), header.AllFormats} {
		e, err := New(engine.Config{Formats: formats})
		if err != nil {
			t.Fatal(err)
		}
		read := formats
		if read == 0 {
			read = header.DefaultFormats
		}
		for f, name := range files {
			src := testdata(t, name)
			if e.CanRead(f) != read.Has(f) {
				t.Errorf("%s: %v is read: %t", read, f, e.CanRead(f))
			}
			h := headers[f]
			if _, err := e.Probe(t.Context(), resize.InMemory(src), f, 1); header.Probed.Has(f) && read.Has(f) != (err == nil) || err != nil && !errors.Is(err, header.ErrNotPicture) {
				t.Errorf("%s: probing a %v: %v", read, f, err)
			}
			p, err := resize.NewPlan(h, variant.Variant{Width: 10, Format: variant.PNG}, 0, settings(e))
			if err != nil {
				t.Fatal(err)
			}
			_, err = e.Resize(t.Context(), resize.InMemory(src), h, p)
			if loads := read.Has(f) || ownFormats.Has(f); loads != (err == nil) || !loads && !errors.Is(err, header.ErrNotPicture) {
				t.Errorf("%s: a %v: %v", read, f, err)
			}
			if loaded := loads(src, f); loaded != read.Has(f) && !ownFormats.Has(f) && !(heif(f) && (read.Has(variant.AVIF) || read.Has(variant.HEIC))) {
				t.Errorf("%s: libvips loads %v: %t", read, f, loaded)
			}
		}
	}
}

func heif(f variant.Format) bool { return f == variant.AVIF || f == variant.HEIC }

// loads calls the loader of a format with nothing in front of it.
func loads(src []byte, f variant.Format) bool {
	r := newRun()
	defer r.Close()
	r.Open(loaders[f].operation, src)
	return r.Err == nil
}

// An engine that reads one format still makes documents and mezzanines.
func TestOwnFormats(t *testing.T) {
	defer reconfigure(t)
	e, err := New(engine.Config{Formats: header.FormatsOf(variant.AVIF)})
	if err != nil {
		t.Fatal(err)
	}
	for _, own := range [][]byte{resizetest.JPEG(resizetest.Quarters(40, 30)), resizetest.PNG(resizetest.Quarters(40, 30)), testdata(t, "odd/alpha.webp")} {
		makeOf(t, e, own, "10x,f_png")
	}
}

// TestAnimatedJXL: an animation in JPEG XL gives its first frame, whose corners differ, and
// not its last, which is of one colour.
func TestAnimatedJXL(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src, err := os.ReadFile("testdata/animated.jxl")
	if err != nil {
		t.Fatal(err)
	}
	for _, ops := range []string{"dpr_1", "120x,still", "60x40"} {
		m := view(t, e, src, ops+",f_png,lossless")
		first, last := m.NRGBAAt(1, 1), m.NRGBAAt(m.Rect.Dx()-2, m.Rect.Dy()-2)
		if off(first, color.NRGBA{220, 30, 30, 255}) > 2 || off(last, color.NRGBA{30, 30, 220, 255}) > 2 {
			t.Errorf("%s: the corners are %v and %v", ops, first, last)
		}
	}
}
