package resizetest

import (
	"bytes"
	"image"
	"image/color"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

// planOf inspects src and plans ops for it.
func planOf(t *testing.T, r resize.Resizer, src []byte, ops string) (resize.Header, resize.Plan) {
	t.Helper()
	v, err := variant.Parse(ops)
	if err != nil {
		t.Fatal(err)
	}
	h, err := resize.Inspect(bytes.NewReader(src), int64(len(src)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := resize.NewPlan(h, v, 0, resize.Settings{CanWrite: r.CanWrite})
	if err != nil {
		t.Fatal(err)
	}
	return h, p
}

// make1 makes one picture, checks its kind and size, and decodes it; AVIF
// cannot be decoded and gives nil.
func make1(t *testing.T, r resize.Resizer, src []byte, ops string) ([]byte, image.Image, resize.Plan) {
	t.Helper()
	h, p := planOf(t, r, src, ops)
	out, err := r.Resize(t.Context(), src, h, p)
	if err != nil {
		t.Fatal(err)
	}
	got, err := resize.Inspect(bytes.NewReader(out), int64(len(out)))
	if err != nil {
		t.Fatal(err)
	}
	if got.Format != p.Output.Format || got.Width != p.CanvasW || got.Height != p.CanvasH || got.Orientation != 1 {
		t.Fatalf("got %v %dx%d orientation %d, want %v %dx%d upright",
			got.Format, got.Width, got.Height, got.Orientation, p.Output.Format, p.CanvasW, p.CanvasH)
	}
	if got.Format == variant.AVIF {
		return out, nil, p
	}
	m, _, err := image.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return out, m, p
}

// checkQuarters makes ops of a picture of Quarters, and compares a grid of
// pixels with what the plan says must be there.
func checkQuarters(t *testing.T, r resize.Resizer, src []byte, ops string) {
	t.Helper()
	_, m, p := make1(t, r, src, ops)
	if m == nil {
		return
	}
	const grid = 23
	for i := range grid {
		for j := range grid {
			x, y := i*(p.CanvasW-1)/(grid-1), j*(p.CanvasH-1)/(grid-1)
			want, sure := expected(p, x, y)
			if sure && !nearly(m.At(x, y), want, tolerance) {
				t.Fatalf("at %d,%d of %dx%d: %v, want %v", x, y, p.CanvasW, p.CanvasH, color.NRGBAModel.Convert(m.At(x, y)), want)
			}
		}
	}
}

// expected is the colour at x, y of the result; sure is false near the edges of
// the quarters and of the letterbox, where neighbours mix.
func expected(p resize.Plan, x, y int) (c color.NRGBA, sure bool) {
	const margin = 9 // a chroma block of JPEG, and one
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
