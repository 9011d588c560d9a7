package vips

import (
	"bytes"
	"errors"
	"image"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
)

// scripts are progressive JPEGs of 101x75 pixels, or 96x64, in many scripts of scans, by name.
func scripts(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("../scans/testdata/*.jpg")
	if err != nil || len(names) == 0 {
		t.Fatal("there are none", err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(name), ".jpg")] = data
	}
	return all
}

// allScans is an engine that decodes all, and otherwise like the default one.
func allScans(t testing.TB) *Engine { return engineOf(t, engine.Config{AllScans: true}) }

// signalToNoise is the signal-to-noise ratio of b against a in dB.
func signalToNoise(a, b *image.NRGBA) float64 {
	sum := 0.0
	for i := range a.Pix {
		d := float64(a.Pix[i]) - float64(b.Pix[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(len(a.Pix))/max(sum, 1e-9))
}

// TestScans: with the scans that are needed alone, what libjpeg shrinks by 8, and not at
// all, is the same to the bit, and the rest looks the same.
func TestScans(t *testing.T) {
	t.Parallel()
	e, all := defaultEngine(t), allScans(t)
	whole := map[string]bool{"baseline": true, "arithmetic": true, "coarse": true, "partial": true}
	for name, src := range scripts(t) {
		for ops, c := range map[string]struct {
			shrink int
			least  float64
		}{"6x,f_png": {8, math.Inf(1)}, "12x,f_png": {4, 32}, "24x,f_png": {2, 38}, "34x,f_png": {1, math.Inf(1)}, "dpr_1,f_png": {1, math.Inf(1)}} {
			got, p := makeOf(t, e, src, ops)
			want, _ := makeOf(t, all, src, ops)
			if h := headerOf(t, src); engine.JPEGShrink(engine.Decoding{Header: h, Plan: p}.Shrink()) != c.shrink {
				t.Fatalf("%s, %s is not shrunk by %d", name, ops, c.shrink)
			}
			same := bytes.Equal(got, want)
			if wanted := whole[name] || math.IsInf(c.least, 1) || name == "crossed" && c.shrink == 4; same != wanted {
				t.Errorf("%s, %s: the same %t", name, ops, same)
			}
			if snr := signalToNoise(decoded(t, all, want), decoded(t, all, got)); !same && snr < c.least {
				t.Errorf("%s, %s: %.1f dB", name, ops, snr)
			}
		}
	}
}

// TestScansWhereShrunk: scans are left out wherever a JPEG is shrunk, and not where it is not.
func TestScansWhereShrunk(t *testing.T) {
	t.Parallel()
	e, all := defaultEngine(t), allScans(t)
	src := testdata(t, "photos/portrait.jpg")
	if m := mezzanineOf; bytes.Equal(bodyOf(t, m(t, e, src)), bodyOf(t, m(t, all, src))) {
		t.Error("not for mezzanines")
	}
	shrunk, w := plan(t, e, src, "200x,f_png")
	_, half := plan(t, e, src, "600x,f_png")
	together := func(e *Engine, plans ...resize.Plan) (outs [2][]byte) {
		err := e.ResizeAll(t.Context(), resize.InMemory(src), shrunk, plans, func(i int, data []byte, err error) {
			if outs[i] = data; err != nil {
				t.Error(err)
			}
		})
		if err != nil {
			t.Error(err)
		}
		return outs
	}
	if a, b := together(e, w, w), together(all, w, w); bytes.Equal(a[0], b[0]) {
		t.Error("not where one decoding serves several")
	}
	if a, b := together(e, w, half), together(all, w, half); !bytes.Equal(a[0], b[0]) || !bytes.Equal(a[1], b[1]) {
		t.Error("they are left out for a picture that is not shrunk")
	}
	coarse := w // has to be loaded larger than half, but is reduced once more
	coarse.Coarse = true
	j := engine.Decoding{Header: shrunk, Plan: coarse}
	if got, want := j.Scans(2, w, half).Left, (engine.Decoding{Header: shrunk, Plan: half}).Left(2); got != want || got >= j.Left(2) {
		t.Errorf("what is left is %g, want %g of the plan that needs most", got, want)
	}
	if e.Recipe() == all.Recipe() {
		t.Error("the names are the same")
	}
}

// TestScansOfBroken: a picture that is cut short, also within a scan that nobody needs, is
// broken, and as much of it as there is can be shown.
func TestScansOfBroken(t *testing.T) {
	t.Parallel()
	e, lenient := defaultEngine(t), engineOf(t, engine.Config{Lenient: true})
	all := engineOf(t, engine.Config{Lenient: true, AllScans: true})
	src := testdata(t, "photos/portrait.jpg")
	h := headerOf(t, src)
	_, p := plan(t, e, src, "100x,f_png")
	for _, n := range []int{len(src) - 2, len(src) - 3, len(src) * 9 / 10, len(src) / 2} {
		cut := src[:n]
		if _, err := inspect(e, cut, 1); !errors.Is(err, header.ErrBroken) {
			t.Errorf("%d bytes: %v", n, err)
		}
		if out, err := e.Resize(t.Context(), resize.InMemory(cut), h, p); !errors.Is(err, header.ErrBroken) {
			t.Errorf("%d bytes: %d, %v", n, len(out), err)
		}
		got, err := lenient.Resize(t.Context(), resize.InMemory(cut), h, p)
		want, _ := all.Resize(t.Context(), resize.InMemory(cut), h, p)
		if !errors.Is(err, header.ErrBroken) || len(got) == 0 || !bytes.Equal(got, want) {
			t.Errorf("%d bytes, leniently: %d and %d, %v", n, len(got), len(want), err)
		}
	}
}
