package vips

import (
	"bytes"
	"image/color"
	"slices"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/resizetest"
)

// TestCoarseLoad: with care, decoders leave a reduction by two to us, or by 1.65 of a JPEG,
// and coarsely none.
func TestCoarseLoad(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	photo := resizetest.JPEG(scene(1199, 900))
	progressive, _ := makeOf(t, e, photo, "dpr_1,f_jpeg,progressive,q_90")
	webp, _ := makeOf(t, e, photo, "dpr_1,f_webp,q_90")
	for _, c := range []struct {
		name         string
		src          []byte
		w, y         int // to be made
		careW, careY int // loaded
		w2, y2       int // coarsely
	}{
		{"half", photo, 599, 450, 1199, 900, 599, 450},
		{"less than half", photo, 600, 450, 1199, 900, 1199, 900},
		{"half one way alone", photo, 599, 900, 1199, 900, 1199, 900},
		{"between", photo, 400, 300, 1199, 900, 599, 450},
		{"quarter", photo, 299, 225, 599, 450, 299, 225},
		{"more than a quarter", photo, 183, 137, 599, 450, 299, 225},
		{"less than a quarter", photo, 181, 135, 299, 225, 299, 225},
		{"progressive", progressive, 599, 450, 1199, 900, 599, 450},
		{"WebP", webp, 500, 375, 1000, 751, 500, 375},
		{"PNG", resizetest.PNG(scene(1199, 900)), 100, 75, 1199, 900, 1199, 900},
	} {
		for coarse, want := range map[bool][2]int{false: {c.careW, c.careY}, true: {c.w2, c.y2}} {
			p := resize.Plan{Frames: 1, Coarse: coarse, ScaledW: c.w, ScaledH: c.y}
			j := job{newRun(), e, c.src, headerOf(t, c.src), p, false}
			w, y := j.Size(j.load(j.source()))
			if j.Err != nil || w != want[0] || y != want[1] {
				t.Errorf("%s, coarse %t: loaded at %dx%d, %v, want %v", c.name, coarse, w, y, j.Err, want)
			}
			j.Close()
		}
	}
}

// luminance is how the standard table of luma's DC coefficients begins (ITU-T T.81,
// K.3): how many codes there are of each length.
var luminance = []byte{0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0}

// TestCoarseTables: a mezzanine spends no time on tables of its own, in turn with
// derivatives, which do.
func TestCoarseTables(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := resizetest.JPEG(scene(1600, 1200))
	out, _ := makeOf(t, e, src, "600x,q_90")
	if bytes.Contains(out, luminance) || !bytes.Contains(bodyOf(t, mezzanineOf(t, e, src)), luminance) {
		t.Error("the tables are not those of the standard in a mezzanine alone")
	}
}

// TestCoarseTogether: what is made in the same decoding as a mezzanine is made with
// the same care as alone. 500 of 1200 is to be made of all pixels, 600 of half as
// many.
func TestCoarseTogether(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := resizetest.JPEG(scene(1200, 900))
	h, first := plan(t, e, src, "500x")
	whole, ok := keeping(e).Mezzanine(h)
	if w, _ := whole.Size(); !ok || w != 600 {
		t.Fatalf("a mezzanine of %d, %t", w, ok)
	}
	for _, plans := range [][]resize.Plan{{first, whole}, {whole, first}} {
		var outs [2][]byte
		if err := e.ResizeAll(t.Context(), resize.InMemory(src), h, plans, func(i int, data []byte, err error) {
			if err != nil {
				t.Fatal(err)
			}
			outs[i] = slices.Clone(data)
		}); err != nil {
			t.Fatal(err)
		}
		for i, p := range plans {
			alone, err := e.Resize(t.Context(), resize.InMemory(src), h, p)
			if err != nil {
				t.Fatal(err)
			}
			if !p.Coarse && !bytes.Equal(outs[i], alone) {
				t.Error("the derivative has other bytes than alone")
			}
			if p.Coarse {
				compareHalves(t, e, outs[i], alone)
			}
		}
	}
}

// compareHalves compares mezzanines by what is made of them: libjpeg halves hard edges
// in another way than we do.
func compareHalves(t *testing.T, e *Engine, a, b []byte) {
	t.Helper()
	smallA, _ := makeOf(t, e, a, "250x,f_png")
	smallB, _ := makeOf(t, e, b, "250x,f_png")
	if mean, worst := differ(t, decoded(t, e, smallA), decoded(t, e, smallB)); mean > 0.5 || worst > 24 {
		t.Errorf("what is made of the mezzanines is %.2f off in the mean, %d at worst", mean, worst)
	}
}

// TestCoarseByBimg: bimg, which knows nothing of it, makes mezzanines only if it is
// told to make all that it can.
func TestCoarseByBimg(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := resizetest.JPEG(scene(1080, 810))
	h, careful := plan(t, e, src, "600x,q_90")
	coarse := careful
	coarse.Coarse = true
	if !e.byBimg(h, careful) || e.byBimg(h, coarse) || !engineOf(t, engine.Config{Choice: engine.Bimg}).byBimg(h, coarse) {
		t.Error("the wrong engine")
	}
}

// TestCoarseFilter: the simple filter does not overshoot at edges, as Lanczos does.
func TestCoarseFilter(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := resizetest.PNG(drawnBy(300, 200, func(x, _ int) color.NRGBA {
		v := uint8(60 + 120*(x/100%2))
		return color.NRGBA{v, v, v, 255}
	}))
	h, p := plan(t, e, src, "200x,f_png")
	for coarse, overshoots := range map[bool]bool{false: true, true: false} {
		p.Coarse = coarse
		out, err := e.Resize(t.Context(), resize.InMemory(src), h, p)
		if err != nil {
			t.Fatal(err)
		}
		m, beyond := decoded(t, e, out), false
		for x := range 200 {
			v := pixel(m, x, 50).R
			beyond = beyond || v < 58 || v > 182
		}
		if beyond != overshoots {
			t.Errorf("coarse %t: overshoots: %t", coarse, beyond)
		}
	}
}
