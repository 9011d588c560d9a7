package vips

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"os"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// testdata is a file of ../../testdata.
func testdata(t testing.TB, name string) []byte {
	t.Helper()
	return testfile(t, "../../testdata/"+name)
}

// read are the formats that tests read unless they say otherwise.
var read = header.AllFormats.Without(variant.PDF)

// first has libvips configured once, so that tests that do not do so themselves run side
// by side.
var first = sync.OnceValues(func() (*Engine, error) { return New(engine.Config{Formats: read}) })

// engineOf is an engine that is set up in a way of its own. A test that says which
// formats are read configures the process, and is not parallel.
func engineOf(t testing.TB, c engine.Config) *Engine {
	t.Helper()
	if c.Formats != 0 {
		t.Cleanup(func() { reconfigure(t) })
		e, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	shared, err := first()
	if err != nil {
		t.Fatal(err)
	}
	e := *shared
	c.Formats, c.AVIFSpeed, c.Choice = read, cmp.Or(c.AVIFSpeed, engine.DefaultAVIFSpeed), cmp.Or(c.Choice, engine.Auto)
	e.config = c
	if err := e.checkWatermarks(); err != nil {
		t.Fatal(err)
	}
	return &e
}

// reconfigure has libvips read again what tests read.
func reconfigure(t testing.TB) {
	t.Helper()
	if _, err := New(engine.Config{Formats: read}); err != nil {
		t.Error(err)
	}
}

// decoded is a picture of any format. What Go cannot read e makes a PNG of, and
// of WebP, too: Go takes its colours for those of a JPEG.
func decoded(t testing.TB, e *Engine, data []byte) *image.NRGBA {
	t.Helper()
	if f, _ := header.Sniff(data); f != variant.WebP {
		if m, _, err := image.Decode(bytes.NewReader(data)); err == nil {
			return straightened(m)
		}
	}
	out, _ := makeOf(t, e, data, "dpr_1,f_png")
	m, _, err := image.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return straightened(m)
}

func straightened(m image.Image) *image.NRGBA {
	if n, ok := m.(*image.NRGBA); ok && n.Rect.Min == (image.Point{}) {
		return n
	}
	out := image.NewNRGBA(image.Rectangle{Max: m.Bounds().Size()})
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			out.Set(x, y, m.At(m.Bounds().Min.X+x, m.Bounds().Min.Y+y))
		}
	}
	return out
}

// view is the result of ops on src.
func view(t testing.TB, e *Engine, src []byte, ops string) *image.NRGBA {
	t.Helper()
	out, _ := makeOf(t, e, src, ops)
	return decoded(t, e, out)
}

// differ compares pictures by what is seen of them, that is, with colours
// multiplied by alpha: the mean difference of a channel, and the worst one.
func differ(t testing.TB, a, b *image.NRGBA) (mean float64, worst int) {
	t.Helper()
	if a.Rect != b.Rect {
		t.Fatalf("sizes differ: %v, %v", a.Rect, b.Rect)
	}
	sum := 0
	for y := range a.Rect.Dy() {
		for x := range a.Rect.Dx() {
			for i, v := range seen(a.NRGBAAt(x, y)) {
				d := v - seen(b.NRGBAAt(x, y))[i]
				d = max(d, -d)
				sum, worst = sum+d, max(worst, d)
			}
		}
	}
	return float64(sum) / float64(4*a.Rect.Dx()*a.Rect.Dy()), worst
}

func seen(c color.NRGBA) [4]int {
	a := int(c.A)
	mul := func(v uint8) int { return (int(v)*a + 127) / 255 }
	return [4]int{mul(c.R), mul(c.G), mul(c.B), a}
}

// painted is a picture of one colour.
func painted(w, h int, c color.NRGBA) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.Draw(m, m.Rect, image.NewUniform(c), image.Point{}, draw.Src)
	return m
}

// drawnBy is a picture of which f tells each pixel.
func drawnBy(w, h int, f func(x, y int) color.NRGBA) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, f(x, y))
		}
	}
	return m
}

// inspect is what is said of a page of a picture in any format.
func inspect(e *Engine, src []byte, page int) (header.Header, error) {
	return resize.Inspect(context.Background(), e, resize.InMemory(src), header.AllFormats, page)
}

// headerOf is what is said of a picture.
func headerOf(t testing.TB, data []byte) header.Header {
	t.Helper()
	h, err := inspect(defaultEngine(t), data, 1)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

var allOutputs = resize.WrittenFormats.List()

func testfile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var sprint = fmt.Sprintf
