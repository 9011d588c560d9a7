package vips

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"math/rand/v2"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

// TestBytes: never more than asked for, and hardly less than would fit.
func TestBytes(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := testdata(t, "photos/cat.jpg")
	for _, f := range []string{"jpeg", "webp", "avif", "jxl"} {
		full, p := makeOf(t, e, src, "160x,f_"+f)
		for _, share := range sample.Every(2, []int{90, 60, 30}) {
			limit := len(full) * share / 100
			out, _ := makeOf(t, e, src, sprint("160x,f_%s,bytes_%d", f, limit))
			if len(out) > limit {
				t.Errorf("%s of at most %d: %d", f, limit, len(out))
			}
			// The quality that was found is the best: one more is too much.
			if f == "avif" || f == "jxl" { // which have fewer bytes at some higher qualities
				if len(out) < limit*4/5 {
					t.Errorf("%s of at most %d: %d", f, limit, len(out))
				}
				continue
			}
			found := qualityOf(t, e, src, "160x,f_"+f, out, p.Output.Quality)
			if found < 0 {
				t.Errorf("%s of at most %d: made at no quality", f, limit)
			} else if more, _ := makeOf(t, e, src, sprint("160x,f_%s,q_%d", f, found+1)); len(more) <= limit {
				t.Errorf("%s of at most %d: quality %d was taken, %d gives %d", f, limit, found, found+1, len(more))
			}
		}
		if out, _ := makeOf(t, e, src, sprint("160x,f_%s,bytes_%d", f, len(full))); !bytes.Equal(out, full) {
			t.Errorf("%s: what fits is changed", f)
		}
		if out, err := make1(e, src, sprint("160x,f_%s,bytes_100", f)); !errors.Is(err, resize.ErrBytes) {
			t.Errorf("%s of at most 100: %d bytes, %v", f, len(out), err)
		}
	}
}

// qualityOf finds out at what quality out was made; -1 for none.
func qualityOf(t *testing.T, e *Engine, src []byte, ops string, out []byte, most int) int {
	t.Helper()
	low, high := 1, most
	for low <= high { // bytes grow with quality, but for a few
		q := (low + high) / 2
		b, _ := makeOf(t, e, src, sprint("%s,q_%d", ops, q))
		switch {
		case bytes.Equal(b, out):
			return q
		case len(b) < len(out):
			low = q + 1
		default:
			high = q - 1
		}
	}
	return -1
}

// TestBytesOfPNG: it gets fewer colours; lossless does not.
func TestBytesOfPNG(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := testdata(t, "photos/cat.jpg")
	full, _ := makeOf(t, e, src, "200x,f_png")
	out, _ := makeOf(t, e, src, sprint("200x,f_png,bytes_%d", len(full)/2))
	if len(out) > len(full)/2 || out[25] != 3 {
		t.Errorf("%d of %d bytes, colour type %d", len(out), len(full), out[25])
	}
	if mean, _ := differ(t, decoded(t, e, out), decoded(t, e, full)); mean > 6 {
		t.Errorf("with a palette it is %.1f off", mean)
	}
	for _, ops := range []string{"200x,f_png,bytes_500", "200x,f_webp,lossless,bytes_3000", "200x,f_gif,bytes_500"} {
		if out, err := make1(e, src, ops); !errors.Is(err, resize.ErrBytes) {
			t.Errorf("%s: %d bytes, %v", ops, len(out), err)
		}
	}
	// Alpha stays.
	alpha, _ := makeOf(t, e, testdata(t, "odd/disc.png"), "200x,f_png")
	small, _ := makeOf(t, e, testdata(t, "odd/disc.png"), sprint("200x,f_png,bytes_%d", len(alpha)*9/10))
	if mean, _ := differ(t, decoded(t, e, small), decoded(t, e, alpha)); mean > 3 || len(small) > len(alpha)*9/10 {
		t.Errorf("a disc with a palette: %d of %d bytes, %.1f off", len(small), len(alpha), mean)
	}
}

// TestPlain: of two ways to encode the smaller is taken, but not for being worse.
func TestPlain(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	h, p := plan(t, e, testdata(t, "photos/cat.jpg"), "160x,f_webp")
	src := testdata(t, "photos/cat.jpg")
	size := func(o resize.Output) int {
		one := p
		one.Output, one.Plain, one.MaxBytes = o, resize.Output{}, 0
		out, err := e.Resize(t.Context(), resize.InMemory(src), h, one)
		if err != nil {
			t.Fatal(err)
		}
		return len(out)
	}
	webp, jpeg, worse := resize.Output{Format: variant.WebP, Quality: 79}, resize.Output{Format: variant.JPEG, Quality: 80}, resize.Output{Format: variant.JPEG, Quality: 10}
	png := resize.Output{Format: variant.PNG}
	for _, c := range []struct {
		name         string
		first, plain resize.Output
		max          int
		want         variant.Format
		err          error
	}{
		{"the first is smaller", webp, jpeg, 0, variant.WebP, nil},
		{"the plain one is smaller", webp, worse, 0, variant.JPEG, nil},
		{"far from a PNG", webp, png, 0, variant.WebP, nil},
		{"only the first can be small enough", webp, png, size(webp) - 10, variant.WebP, nil},
		{"both would have to be worse", webp, jpeg, size(webp) / 2, variant.WebP, nil},
		{"the plain one is smaller, and small enough as it is", webp, worse, size(webp) - 10, variant.JPEG, nil},
		{"only the plain one can be small enough", png, jpeg, size(jpeg), variant.JPEG, nil},
		{"none can be", webp, jpeg, 100, 0, resize.ErrBytes},
	} {
		p.Output, p.Plain, p.MaxBytes = c.first, c.plain, c.max
		out, err := e.Resize(t.Context(), resize.InMemory(src), h, p)
		if c.err != nil || err != nil {
			if !errors.Is(err, c.err) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if f, _ := header.Sniff(out); f != c.want || c.max > 0 && len(out) > c.max {
			t.Errorf("%s: %v of %d bytes", c.name, f, len(out))
		}
	}
}

// noise is a picture that hides nothing that an encoder does to it.
func noise(w, h int, alpha bool) *image.NRGBA {
	r := rand.New(rand.NewPCG(1, 2))
	return drawnBy(w, h, func(int, int) color.NRGBA {
		c := color.NRGBA{uint8(r.Uint32()), uint8(r.Uint32()), uint8(r.Uint32()), 255}
		if alpha {
			c.A = uint8(64 + r.Uint32()%192)
		}
		return c
	})
}

// TestLossless: every pixel comes back.
func TestLossless(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for name, m := range map[string]*image.NRGBA{
		"noise": noise(67, 45, false), "noise with alpha": noise(64, 48, true), "quarters": resizetest.Quarters(90, 60),
	} {
		for _, f := range []string{"f_webp,lossless", "f_avif,lossless", "f_png", "f_png,lossless", "f_jxl,lossless"} {
			out, _ := makeOf(t, e, resizetest.PNG(m), "dpr_1,"+f)
			most := 0
			if f == "f_avif,lossless" { // YCbCr, and rounded
				most = 1
			}
			if mean, worst := differ(t, decoded(t, e, out), m); worst > most {
				t.Errorf("%s, %s: %.3f off in the mean, %d at worst", name, f, mean, worst)
			}
		}
	}
}

// TestJPEGKinds: progressive where it is asked for, else baseline.
func TestJPEGKinds(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, name := range sample.Every(3, []string{"photos/cat.jpg", "odd/orientation-6.jpg", "odd/disc.png", "odd/gray.jpg", "odd/p3.jpg", "photos/portrait.jpg"}) {
		for ops, want := range map[string]bool{"150x,f_jpeg": false, "150x,f_jpeg,progressive": true, "900x,f_jpeg": false, "900x,f_jpeg,progressive": true} {
			out, _ := makeOf(t, e, testdata(t, name), ops)
			if h := headerOf(t, out); h.Progressive != want {
				t.Errorf("%s, %s: progressive is %t", name, ops, h.Progressive)
			}
		}
	}
	if out, _ := makeOf(t, e, testdata(t, "odd/gray.jpg"), "50x,f_jpeg"); !headerOf(t, out).Gray {
		t.Error("grey has three components")
	}
}

// TestPalettes: what had few colours has few again, and looks alike.
func TestPalettes(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for name, ops := range map[string]string{"odd/palette.png": "120x", "odd/counter.gif": "50x,still,f_png", "odd/one-frame.gif": "50x,f_png"} {
		out, p := makeOf(t, e, testdata(t, name), ops)
		if out[25] != 3 || !p.Output.Palette {
			t.Errorf("%s: colour type %d", name, out[25])
		}
		p.Output.Palette = false
		h, _ := plan(t, e, testdata(t, name), ops)
		full, err := e.Resize(t.Context(), resize.InMemory(testdata(t, name)), h, p)
		if err != nil {
			t.Fatal(err)
		}
		if mean, worst := differ(t, decoded(t, e, out), decoded(t, e, full)); mean > 3 || len(out) > len(full)+40 {
			t.Errorf("%s: %.2f off in the mean, %d at worst, %d bytes instead of %d", name, mean, worst, len(out), len(full))
		}
	}
	for _, ops := range []string{"50x,lossless,f_png"} {
		if out, _ := makeOf(t, e, testdata(t, "odd/palette.png"), ops); out[25] == 3 {
			t.Errorf("%s: a palette", ops)
		}
	}
}

// TestQuality: more of it is more bytes, and nearer to the picture.
func TestQuality(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := testdata(t, "photos/cat.jpg")
	want := view(t, e, src, "160x,f_png")
	for _, f := range []string{"jpeg", "webp", "avif", "jxl"} {
		last, lastOff := 0, 1e9
		for _, q := range []int{1, 29, 30, 60, 85, 98} {
			out, _ := makeOf(t, e, src, sprint("160x,f_%s,q_%d", f, q))
			off, _ := differ(t, decoded(t, e, out), want)
			if len(out) <= last || off >= lastOff {
				t.Errorf("%s at %d: %d bytes, %.2f off; before %d, %.2f", f, q, len(out), off, last, lastOff)
			}
			last, lastOff = len(out), off
		}
	}
	s := settings(e)
	s.Quality = map[variant.Format]int{variant.JPEG: 20}
	h := headerOf(t, src)
	p, err := resize.NewPlan(h, variant.Variant{Width: 160, Format: variant.JPEG}, 0, s)
	if err != nil {
		t.Fatal(err)
	}
	low, err := e.Resize(t.Context(), resize.InMemory(src), h, p)
	if err != nil {
		t.Fatal(err)
	}
	if same, _ := makeOf(t, e, src, "160x,f_jpeg,q_20"); !bytes.Equal(low, same) {
		t.Errorf("the default quality of the server: %d bytes, %d", len(low), len(same))
	}
}
