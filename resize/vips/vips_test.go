package vips

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	_ "image/jpeg"
	_ "image/png"
	"os"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
	"golang.org/x/sys/unix"
)

func defaultEngine(t testing.TB) *Engine {
	t.Helper()
	return engineOf(t, engine.Config{})
}

func TestFormats(t *testing.T) {
	e := engineOf(t, engine.Config{Formats: header.DefaultFormats.With(variant.SVG, variant.JP2)})
	for _, f := range []variant.Format{variant.TIFF, variant.HEIC, variant.SVG, variant.JP2} {
		if !e.CanRead(f) || e.CanWrite(f) {
			t.Errorf("%v: read %t, written %t", f, e.CanRead(f), e.CanWrite(f))
		}
	}
	if e.CanRead(variant.PDF) || e.CanRead(variant.FormatAuto) {
		t.Error("PDFs are read, and nobody has asked for it")
	}
	v := e.Capabilities()
	if v.Bimg != "1.1.9" || !strings.HasPrefix(v.Libvips, "8.") || !v.Reads.Has(variant.JPEG) || !v.Writes.Has(variant.PNG) ||
		!v.LibraryReads.Has(variant.TIFF) || v.LibraryWrites.Has(variant.SVG) {
		t.Errorf("%+v", v)
	}
}

// made is the result of ops on a picture of testdata, decoded.
func made(t *testing.T, e *Engine, name, ops string) (image.Image, resize.Plan) {
	t.Helper()
	src, err := os.ReadFile("../../testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	out, p := makeOf(t, e, src, ops)
	m, _, err := image.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return m, p
}

// plan is what ops come to for a picture, after a look at it where that is
// needed.
func plan(t testing.TB, e *Engine, src []byte, ops string) (header.Header, resize.Plan) {
	t.Helper()
	v, err := variant.Parse(ops)
	if err != nil {
		t.Fatal(err)
	}
	h, err := inspect(e, src, v.Page)
	if err != nil {
		t.Fatal(err)
	}
	if resize.NeedsLook(v) {
		if v, err = e.Look(t.Context(), resize.InMemory(src), h, v); err != nil {
			t.Fatal(err)
		}
	}
	p, err := resize.NewPlan(h, v, 0, settings(e))
	if err != nil {
		t.Fatal(err)
	}
	return h, p
}

func settings(e *Engine) resize.Settings {
	s := resize.Settings{CanWrite: e.CanWrite, Watermarks: map[string]string{}}
	for _, w := range e.config.Watermarks {
		s.Watermarks[w.Name] = w.Name
	}
	return s
}

func makeOf(t testing.TB, e *Engine, src []byte, ops string) ([]byte, resize.Plan) {
	t.Helper()
	h, p := plan(t, e, src, ops)
	out, err := e.Resize(t.Context(), resize.InMemory(src), h, p)
	if err != nil {
		t.Fatalf("%s: %v", ops, err)
	}
	if err := resize.CheckResult(bytes.NewReader(out), int64(len(out)), p); err != nil {
		t.Fatalf("%s: %v", ops, err)
	}
	return out, p
}

func pixel(m image.Image, x, y int) color.NRGBA {
	return color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
}

func off(a, b color.NRGBA) int {
	d := func(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }
	return max(d(a.R, b.R), d(a.G, b.G), d(a.B, b.B), d(a.A, b.A))
}

// TestColours checks what colour management must do.
func TestColours(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	m, _ := made(t, e, "odd/p3.jpg", "96x,f_png")
	for row, want := range []color.NRGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}} {
		for _, x := range []int{24, 72} {
			if got := pixel(m, x, 12+24*row); off(got, want) > 12 {
				t.Errorf("P3 row %d at %d: %v, want %v", row, x, got, want)
			}
		}
	}
	m, _ = made(t, e, "odd/cmyk.jpg", "240x,f_png")
	if corner := pixel(m, 8, 8); corner.R < 180 || corner.G > 110 || corner.B > 110 {
		t.Errorf("CMYK: the top left is %v, want red", corner)
	}
	m, _ = made(t, e, "odd/gray.jpg", "240x,f_png")
	if c := pixel(m, 120, 80); c.R != c.G || c.G != c.B {
		t.Errorf("grey: %v", c)
	}
	m, _ = made(t, e, "odd/16bit.png", "dpr_1,f_png")
	if c := pixel(m, 200, 96); off(c, color.NRGBA{200, 128, 128, 255}) > 3 {
		t.Errorf("16 bits: %v, want red of 200", c)
	}
}

// TestOrientations: the F upright, red at the top left, all eight alike.
func TestOrientations(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	first, _ := made(t, e, "odd/orientation-1.jpg", "120x80,f_png")
	for _, o := range "2345678" {
		m, _ := made(t, e, "odd/orientation-"+string(o)+".jpg", "120x80,f_png")
		worst := 0
		for y := range 80 {
			for x := range 120 {
				worst = max(worst, off(pixel(m, x, y), pixel(first, x, y)))
			}
		}
		if worst > 48 { // each is a JPEG of its own
			t.Errorf("orientation %c: a channel is %d off", o, worst)
		}
	}
}

// TestTurnedWebP: a WebP large enough to be shrunk while it is read, in each
// orientation.
func TestTurnedWebP(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, o := range sample.Every(4, []int{1, 2, 3, 4, 5, 6, 7, 8}) {
		stored := resizetest.PNG(resizetest.Stored(resizetest.Quarters(800, 480), o))
		src, _ := makeOf(t, e, stored, "dpr_1,f_webp,q_95")
		out, _ := makeOf(t, e, resizetest.Oriented(src, o), "60x36,f_png")
		m, _, err := image.Decode(bytes.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		want := resizetest.Quarters(60, 36)
		for _, at := range []image.Point{{5, 5}, {55, 5}, {5, 31}, {55, 31}} {
			if got := pixel(m, at.X, at.Y); off(got, want.NRGBAAt(at.X, at.Y)) > 12 {
				t.Errorf("orientation %d at %v: %v, want %v", o, at, got, want.NRGBAAt(at.X, at.Y))
			}
		}
	}
}

// TestOddPictures makes something of all that can be read.
func TestOddPictures(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, name := range sample.Every(4, []string{
		"1x1.jpg", "1x1.png", "alpha.png", "alpha.webp", "animated.gif", "animated.webp", "gray-alpha.png", "interlaced.png",
		"lossless.webp", "palette.png", "photo.avif", "tall.jpg", "trailing.jpg", "wide.png", "16bit.png", "cmyk.jpg", "p3.jpg",
	}) {
		for _, ops := range []string{"100x100,fit_contain", "60x90,fit_fill,up_1", "70x70"} {
			for _, f := range []string{",f_jpeg", ",f_png"} {
				src, err := os.ReadFile("../../testdata/odd/" + name)
				if err != nil {
					t.Fatal(err)
				}
				makeOf(t, e, src, ops+f)
			}
		}
	}
}

func TestPaletteKeepsItsHole(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	if m, _ := made(t, e, "odd/palette.png", "dpr_1,f_png"); pixel(m, 220, 80).A != 0 {
		t.Errorf("the hole is %v", pixel(m, 220, 80))
	}
	if m, _ := made(t, e, "odd/palette.png", "dpr_1,f_png,bg_3366cc"); off(pixel(m, 220, 80), color.NRGBA{0x33, 0x66, 0xcc, 255}) > 0 {
		t.Errorf("the hole is %v", pixel(m, 220, 80))
	}
}

// TestStrongFill squeezes one side much more than the other: the coarse
// shrinking must go by the side that shrinks less.
func TestStrongFill(t *testing.T) {
	t.Parallel()
	stripes := image.NewNRGBA(image.Rect(0, 0, 1600, 1600))
	for y := range 1600 {
		for x := range 1600 {
			stripes.SetNRGBA(x, y, color.NRGBA{uint8(255 * (x / 4 % 2)), 0, 0, 255})
		}
	}
	e := defaultEngine(t)
	out, _ := makeOf(t, e, resizetest.JPEG(stripes), "800x20,fit_fill,f_png")
	m, _, err := image.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	// Stripes of two pixels: shrunk by the other side, they would be one grey.
	low, high := 255, 0
	for x := 100; x < 120; x++ {
		low, high = min(low, int(pixel(m, x, 10).R)), max(high, int(pixel(m, x, 10).R))
	}
	if low > 60 || high < 195 {
		t.Errorf("the stripes go from %d to %d only", low, high)
	}
}

// TestMapped gives the engine memory that cannot be written to.
func TestMapped(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, name := range []string{"orientation-6.jpg", "alpha.png", "alpha.webp", "animated.gif", "photo.avif"} {
		f, err := os.Open("../../testdata/odd/" + name)
		if err != nil {
			t.Fatal(err)
		}
		st, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		src, err := unix.Mmap(int(f.Fd()), 0, int(st.Size()), unix.PROT_READ, unix.MAP_PRIVATE)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		makeOf(t, e, src, "50x50,f_png")
		if err := unix.Munmap(src); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOnlyKnownBytes: what is not of the header's format never reaches libvips.
func TestOnlyKnownBytes(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	h := header.Header{Format: variant.JPEG, Width: 10, Height: 10, Orientation: 1}
	p := resize.Plan{Frames: 1, ScaledW: 5, ScaledH: 5, Cut: resize.Rect{Width: 5, Height: 5}, CanvasW: 5, CanvasH: 5, Output: resize.Output{Format: variant.PNG}}
	for _, src := range []string{"", "%PDF-1.4", "<svg/>", "P6 10 10 255 ", "II*\x00\x08\x00\x00\x00", "push graphic-context"} {
		if _, err := e.Resize(t.Context(), resize.InMemory([]byte(src)), h, p); !errors.Is(err, header.ErrNotPicture) {
			t.Errorf("%q: %v", src, err)
		}
	}
}
