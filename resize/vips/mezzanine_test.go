package vips

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"maps"
	"slices"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/resize/vips/op"
	"github.com/thumbery/thumbery/variant"
)

// keeping are settings that keep a mezzanine of all that is large enough for the
// tests.
func keeping(e *Engine) resize.Settings {
	s := settings(e)
	s.MezzanineSide, s.MezzanineOver = 600, 1<<18
	return s
}

// mezzanineOf makes one, and has it packed and unpacked.
func mezzanineOf(t testing.TB, e *Engine, src []byte) resize.Mezzanine {
	t.Helper()
	h := headerOf(t, src)
	p, ok := keeping(e).Mezzanine(h)
	if !ok {
		t.Fatalf("%v of %dx%d has no mezzanine", h.Format, h.Width, h.Height)
	}
	body, err := e.Resize(t.Context(), resize.InMemory(src), h, p)
	if err != nil {
		t.Fatal(err)
	}
	packed := resize.PackMezzanine(h, int64(len(src)), body)
	m, err := resize.UnpackMezzanine(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	if w, height := p.Size(); m.Header.Width != w || m.Header.Height != height || max(w, height) < 562 || max(w, height) > 675 {
		t.Fatalf("it is %dx%d", m.Header.Width, m.Header.Height)
	}
	return m
}

func bodyOf(t testing.TB, m resize.Mezzanine) []byte {
	t.Helper()
	data, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// samplings are the sampling factors of a baseline JPEG's components, as its frame
// header says (ITU-T T.81, B.2.2): both directions in one byte.
func samplings(t testing.TB, src []byte) []byte {
	t.Helper()
	for rest := src[2:]; len(rest) > 9; {
		n := 2 + int(binary.BigEndian.Uint16(rest[2:]))
		if rest[1] == 0xc0 {
			var list []byte
			for i := range int(rest[9]) {
				list = append(list, rest[11+3*i])
			}
			return list
		}
		rest = rest[n:]
	}
	t.Fatal("no baseline frame")
	return nil
}

// TestMezzanineIsWhole: both engines keep whole colour planes, and make a baseline
// JPEG.
func TestMezzanineIsWhole(t *testing.T) {
	t.Parallel()
	src := resizetest.JPEG(resizetest.Quarters(1199, 900))
	for _, c := range []engine.Choice{engine.Auto, engine.Bimg, engine.Direct} {
		e := engineOf(t, engine.Config{Choice: c})
		m := mezzanineOf(t, e, src)
		if got := samplings(t, bodyOf(t, m)); !bytes.Equal(got, []byte{0x11, 0x11, 0x11}) {
			t.Errorf("%s: samplings %x", c, got)
		}
		// And one that shrinks so little that bimg makes it.
		h, p := plan(t, e, src, "900x,q_90")
		if by := e.byBimg(h, p); by != (c != engine.Direct) {
			t.Fatalf("%s: by bimg %t", c, by)
		}
		out, err := e.Resize(t.Context(), resize.InMemory(src), h, p)
		if err != nil {
			t.Fatal(err)
		}
		if got := samplings(t, out); !bytes.Equal(got, []byte{0x11, 0x11, 0x11}) {
			t.Errorf("%s, little shrunk: samplings %x", c, got)
		}
	}
}

// scene is a picture of which one can tell where each part went: two ramps, and
// blocks of four colours.
func scene(w, h int) *image.NRGBA {
	return drawnBy(w, h, func(x, y int) color.NRGBA {
		c := color.NRGBA{uint8(40 + 180*x/w), uint8(40 + 180*y/h), 90, 255}
		if x*8/w%2 == 0 && y*6/h%2 == 0 {
			c.B = uint8(30 * (1 + x*8/w))
			c.R /= 2
		}
		return c
	})
}

// wishes on a mezzanine of 600x450 that it serves.
func mezzanineWishes() []string {
	list := []string{"250x150,crop_200_150_1000_700", "100x,crop_330_217_411_399", "120x,blur_2", "120x,sharp_1,f_webp", "300x225", "64x64,g_smart", "90x,trim_10"}
	for _, ops := range placements() {
		list = append(list, ops+",f_jpeg,q_95")
	}
	return list
}

// TestMezzanineGeometry: what is planned for the original comes out of the
// mezzanine in the same size, and with the same part of the picture.
func TestMezzanineGeometry(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	upright := scene(1600, 1200)
	for _, o := range sample.Every(5, []int{1, 2, 3, 4, 5, 6, 7, 8}) {
		src := resizetest.Oriented(resizetest.JPEG(resizetest.Stored(upright, o)), o)
		m := mezzanineOf(t, e, src)
		served := 0
		for i, ops := range mezzanineWishes() {
			h, p := plan(t, e, src, ops)
			if i%3 != o%3 || !resize.MezzanineSuffices(m.Header, p) {
				continue
			}
			served++
			compareMezzanine(t, e, src, h, m, p, ops, aPixel)
		}
		if served < 8 {
			t.Errorf("orientation %d: only %d were served", o, served)
		}
	}
}

// aPixel is more than scenes are off by at worst, and less than they are if one is
// a pixel aside.
const aPixel = 40

// compareMezzanine makes p of both.
func compareMezzanine(t *testing.T, e *Engine, src []byte, h header.Header, m resize.Mezzanine, p resize.Plan, what string, most int) {
	t.Helper()
	direct, err := e.Resize(t.Context(), resize.InMemory(src), h, p)
	if err != nil {
		t.Fatal(what, err)
	}
	through, err := e.Resize(t.Context(), resize.InMemory(bodyOf(t, m)), m.Header, p)
	if err != nil {
		t.Fatal(what, err)
	}
	a, b := decoded(t, e, direct), decoded(t, e, through)
	mean, worst := differ(t, a, b)
	if mean > 2.5 || worst > most {
		t.Errorf("orientation %d, %s: %.2f off in the mean, %d at worst", h.Orientation, what, mean, worst)
	}
}

// TestMezzanineShows that the comparison above can fail: a cut one pixel aside.
func TestMezzanineShows(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := resizetest.JPEG(scene(1600, 1200))
	h, p := plan(t, e, src, "150x150,g_nw,f_png")
	aside := p
	aside.Cut.Left++
	var made [2]*image.NRGBA
	for i, p := range []resize.Plan{p, aside} {
		out, err := e.Resize(t.Context(), resize.InMemory(src), h, p)
		if err != nil {
			t.Fatal(err)
		}
		made[i] = decoded(t, e, out)
	}
	if _, worst := differ(t, made[0], made[1]); worst <= aPixel {
		t.Errorf("a pixel aside is %d off at worst", worst)
	}
}

// TestMezzanineKinds: what the original was besides (its profile, its inks, its
// depth, its alpha) is settled when the mezzanine is made.
func TestMezzanineKinds(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	clear := scene(1000, 640)
	for i := 3; i < len(clear.Pix); i += 4 {
		clear.Pix[i] = uint8(i / 4 % 1000 * 255 / 999)
	}
	png := func(m *image.NRGBA) func() []byte { return func() []byte { return resizetest.PNG(m) } }
	made := func(m *image.NRGBA, ops string) func() []byte {
		return func() []byte { out, _ := makeOf(t, e, resizetest.PNG(m), "dpr_1,"+ops); return out }
	}
	large := func(name string) func() []byte { return func() []byte { return enlarged(t, e, name) } }
	opaque := scene(1000, 640)
	kinds := map[string]struct {
		src   func() []byte
		alpha bool
		most  int
	}{
		"PNG":   {png(opaque), false, aPixel},
		"alpha": {png(clear), true, aPixel},
		"WebP":  {made(clear, "f_webp,q_95"), true, aPixel},
		"AVIF":  {made(opaque, "f_avif,q_90"), false, aPixel},
		"TIFF":  {large("lzw.tif"), false, aPixel},
		"steps": {made(opaque, "f_jpeg,progressive,q_90"), false, aPixel},
		"P3":    {large("p3.jpg"), false, 60},
		"16bit": {large("16bit-p3.png"), false, 75},
		// Inks mix in other ways than colours do.
		"CMYK": {large("cmyk-icc.jpg"), false, 125},
		"grey": {large("gray.jpg"), false, aPixel},
	}
	for n, name := range sample.Every(3, slices.Sorted(maps.Keys(kinds))) {
		c := kinds[name]
		t.Run(name, func(t *testing.T) {
			src := c.src()
			m := mezzanineOf(t, e, src)
			if m.Header.Alpha != c.alpha || m.Header.ICC || m.Header.CMYK || m.Header.Depth != 8 || (m.Header.Format == variant.WebP) != c.alpha {
				t.Errorf("its header is %+v", m.Header)
			}
			for _, ops := range everySecond([]string{
				"200x,f_webp", "200x150,g_se,f_webp,q_95", "120x120,fit_contain,bg_336699,f_jpeg,q_95", "160x,f_webp,q_95,round_30", "100x,gray,f_jpeg", "150x,f_avif,q_90", "90x,fit_inside,rot_90,pad_5,f_jpeg,q_95",
			}, n) {
				h, p := plan(t, e, src, ops)
				if !resize.MezzanineSuffices(m.Header, p) {
					t.Fatalf("%s is not served", ops)
				}
				compareMezzanine(t, e, src, h, m, p, ops, c.most)
			}
		})
	}
}

// enlarged is a small picture of testdata as large as one that has a mezzanine, in
// its own colour space: whatever libvips says of the file is kept.
func enlarged(t testing.TB, e *Engine, name string) []byte {
	t.Helper()
	src := testdata(t, "odd/"+name)
	h := headerOf(t, src)
	j := job{newRun(), e, src, h, resize.Plan{Frames: 1, ScaledW: h.Width, ScaledH: h.Height}, false}
	defer j.Close()
	scale := 1 + 1200/max(h.Width, h.Height)
	im := j.Do("zoom", op.Input("input", j.InMemory(j.load(j.source()))), op.Set("xfac", scale), op.Set("yfac", scale))
	savers := map[variant.Format]string{variant.JPEG: "jpegsave_buffer", variant.PNG: "pngsave_buffer", variant.TIFF: "tiffsave_buffer"}
	out := j.Save(savers[h.Format], op.On(im))
	if j.Err != nil {
		t.Fatal(j.Err)
	}
	got := headerOf(t, out)
	if got.ICC != h.ICC || got.CMYK != h.CMYK || got.Gray != h.Gray || got.Depth != h.Depth {
		t.Fatalf("%s, enlarged, is %+v", name, got)
	}
	return out
}

// TestMezzanineTogether: made in the same decoding, it is as good.
func TestMezzanineTogether(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := resizetest.JPEG(scene(1600, 1200))
	h, first := plan(t, e, src, "200x150,g_n")
	whole, ok := keeping(e).Mezzanine(h)
	if !ok {
		t.Fatal("no mezzanine")
	}
	var outs [][]byte
	if err := e.ResizeAll(t.Context(), resize.InMemory(src), h, []resize.Plan{first, whole}, func(_ int, data []byte, err error) {
		if err != nil {
			t.Fatal(err)
		}
		outs = append(outs, slices.Clone(data))
	}); err != nil {
		t.Fatal(err)
	}
	alone := mezzanineOf(t, e, src)
	if mean, worst := differ(t, decoded(t, e, outs[1]), decoded(t, e, bodyOf(t, alone))); mean > 0.5 || worst > 24 {
		t.Errorf("%.2f off in the mean, %d at worst", mean, worst)
	}
	if got := samplings(t, outs[1]); !bytes.Equal(got, []byte{0x11, 0x11, 0x11}) {
		t.Errorf("samplings %x", got)
	}
}
