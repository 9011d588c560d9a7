package resizetest

import (
	"bytes"
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// planOf inspects src and plans ops for it.
func planOf(t *testing.T, r resize.Resizer, src []byte, ops string) (header.Header, resize.Plan) {
	t.Helper()
	v, err := variant.Parse(ops)
	if err != nil {
		t.Fatal(err)
	}
	h, err := resize.Inspect(t.Context(), r, resize.InMemory(src), header.AllFormats, 1)
	if err != nil {
		t.Fatal(err)
	}
	p, err := resize.NewPlan(h, v, 0, resize.Settings{CanWrite: r.CanWrite})
	if err != nil {
		t.Fatal(err)
	}
	return h, p
}

// make1 makes one picture, checks its kind and size, and decodes it; AVIF and JPEG XL
// cannot be decoded and give nil.
func make1(t *testing.T, r resize.Resizer, src []byte, ops string) ([]byte, image.Image, resize.Plan) {
	t.Helper()
	h, p := planOf(t, r, src, ops)
	out, err := r.Resize(t.Context(), resize.InMemory(src), h, p)
	if err != nil {
		t.Fatal(err)
	}
	return out, checkMade(t, out, p), p
}

// checkMade checks the kind and size of what p made, and decodes it.
func checkMade(t *testing.T, out []byte, p resize.Plan) image.Image {
	t.Helper()
	got, err := header.Inspect(t.Context(), bytes.NewReader(out), int64(len(out)), header.AllFormats)
	if err != nil {
		t.Fatal(err)
	}
	w, height := p.Size()
	if got.Format != p.Output.Format || got.Width != w || got.Height != height || got.Orientation != 1 {
		t.Fatalf("got %v %dx%d orientation %d, want %v %dx%d upright",
			got.Format, got.Width, got.Height, got.Orientation, p.Output.Format, w, height)
	}
	if got.Format == variant.AVIF || got.Format == variant.JXL {
		return nil
	}
	m, _, err := image.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// checkQuarters makes ops of a picture of Quarters, and compares a grid of
// pixels with what the plan says must be there.
func checkQuarters(t *testing.T, r resize.Resizer, src []byte, ops string) {
	t.Helper()
	_, m, p := make1(t, r, src, ops)
	if m != nil {
		compareQuarters(t, m, p)
	}
}

// compareQuarters compares what p made of Quarters with what it says.
func compareQuarters(t *testing.T, m image.Image, p resize.Plan) {
	t.Helper()
	const grid = 23
	w, h := p.Size()
	for i := range grid {
		for j := range grid {
			x, y := i*(w-1)/(grid-1), j*(h-1)/(grid-1)
			want, sure := expected(p, x, y)
			if sure && !nearly(m.At(x, y), want, tolerance) {
				t.Fatalf("at %d,%d of %dx%d: %v, want %v", x, y, w, h, color.NRGBAModel.Convert(m.At(x, y)), want)
			}
		}
	}
}

// OnCanvas maps a pixel of p's result to the pixel of its canvas that was turned
// and mirrored to there.
func OnCanvas(p resize.Plan, x, y int) (canvasX, canvasY int) {
	w, h := p.Size()
	if p.Flip == variant.FlipH || p.Flip == variant.FlipHV {
		x = w - 1 - x
	}
	if p.Flip == variant.FlipV || p.Flip == variant.FlipHV {
		y = h - 1 - y
	}
	// The EXIF orientation that is turned upright in the same way.
	orientation := [...]int{1, 6, 3, 8}[p.Rotate/90]
	return resize.StoredPoint(orientation, p.CanvasW, p.CanvasH, x, y)
}

// Rounded reports whether a pixel of p's result, whose middle is meant, lies
// outside of its round corners, by more than margin pixels.
func Rounded(p resize.Plan, x, y int, margin float64) bool {
	w, h := p.Size()
	r := float64(p.Round)
	beyond := func(i, side int) float64 { // the straight part
		at := float64(i) + 0.5
		return max(r-at, at-(float64(side)-r), 0)
	}
	return math.Hypot(beyond(x, w), beyond(y, h)) > r+margin
}

// expected is the colour at x, y of the result; sure is false near the edges of
// the quarters, of the letterbox and of the corners, where neighbours mix.
func expected(p resize.Plan, x, y int) (c color.NRGBA, sure bool) {
	const margin = 9 // a chroma block of JPEG, and one
	if p.Round > 0 && Rounded(p, x, y, -margin) {
		return color.NRGBA{p.Background.R, p.Background.G, p.Background.B, p.Background.A}, Rounded(p, x, y, margin)
	}
	x, y = OnCanvas(p, x, y)
	x, y = x-p.OffsetX, y-p.OffsetY
	if x < -margin || y < -margin || x >= p.Cut.Width+margin || y >= p.Cut.Height+margin {
		return color.NRGBA{p.Background.R, p.Background.G, p.Background.B, p.Background.A}, true
	}
	if p.Letterboxed() && (x < margin || y < margin || x >= p.Cut.Width-margin || y >= p.Cut.Height-margin) {
		return color.NRGBA{}, false
	}
	sx, sy := p.Cut.Left+x, p.Cut.Top+y
	edge := margin + 4*max(1, p.ScaledW/400, p.ScaledH/300) // enlarging blurs
	if abs(2*sx+1-p.ScaledW) < 2*edge || abs(2*sy+1-p.ScaledH) < 2*edge {
		return color.NRGBA{}, false
	}
	return quarter(sx, sy, p.ScaledW, p.ScaledH), true
}

func near(t *testing.T, what string, got color.Color, want color.NRGBA, within int) {
	t.Helper()
	if !nearly(got, want, within) {
		t.Errorf("%s: %v, want %v", what, color.NRGBAModel.Convert(got), want)
	}
}

// nearly compares colours; what is fully transparent has none.
func nearly(got color.Color, want color.NRGBA, within int) bool {
	c := color.NRGBAModel.Convert(got).(color.NRGBA)
	if want.A == 0 {
		return c.A == 0
	}
	return abs(int(c.R)-int(want.R)) <= within && abs(int(c.G)-int(want.G)) <= within &&
		abs(int(c.B)-int(want.B)) <= within && abs(int(c.A)-int(want.A)) <= within
}

func abs(x int) int { return max(x, -x) }
