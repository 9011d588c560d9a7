package resize_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/odd"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

// keeping are settings with mezzanines.
func keeping() resize.Settings {
	return resize.Settings{
		MezzanineSide: resize.DefaultMezzanineSide, MezzanineOver: resize.DefaultMezzanineOver,
		MaxPixels: 100 << 20, Restore: true,
		CanWrite: func(f variant.Format) bool { return f == variant.JPEG || f == variant.PNG || f == variant.WebP },
	}
}

// camera is the header of a photograph of 12 megapixels.
func camera(change func(*header.Header)) header.Header {
	h := photo(4000, 3000)
	h.Scans, h.Samples = 1, 3
	if change != nil {
		change(&h)
	}
	return h
}

func TestMezzaninePlan(t *testing.T) {
	t.Parallel()
	s := keeping()
	for name, c := range map[string]struct {
		h    header.Header
		w, y int
		f    variant.Format
	}{
		"camera":    {camera(nil), 2000, 1500, variant.JPEG},
		"turned":    {camera(func(h *header.Header) { h.Orientation = 6 }), 1500, 2000, variant.JPEG},
		"mirrored":  {camera(func(h *header.Header) { h.Orientation = 2 }), 2000, 1500, variant.JPEG},
		"CMYK":      {camera(func(h *header.Header) { h.CMYK, h.ICC = true, true }), 2000, 1500, variant.JPEG},
		"grey":      {camera(func(h *header.Header) { h.Gray = true }), 2000, 1500, variant.JPEG},
		"panorama":  {camera(func(h *header.Header) { h.Width, h.Height = 20000, 999 }), 2048, 102, variant.JPEG},
		"deep":      {camera(func(h *header.Header) { h.Format, h.Depth, h.Scans = variant.TIFF, 16, 0 }), 2048, 1536, variant.JPEG},
		"with hole": {camera(func(h *header.Header) { h.Format, h.Alpha, h.Scans = variant.PNG, true, 0 }), 2048, 1536, variant.WebP},
	} {
		p, ok := s.Mezzanine(c.h)
		if w, y := p.Size(); !ok || w != c.w || y != c.y || p.ScaledW != w || p.ScaledH != y || p.Output.Format != c.f {
			t.Errorf("%s: %+v, %t", name, p, ok)
		}
		if !p.Coarse {
			t.Errorf("%s is made with care: %+v", name, p)
		}
		if p.Effects != (resize.Effects{}) || p.Output.Progressive || p.MaxBytes != 0 || !p.CutsNothing() || p.Frames != 1 {
			t.Errorf("%s is more than scaled: %+v", name, p)
		}
		if jpeg := p.Output.Quality == 90 && !p.Output.Lossless && p.Flattened(); c.f == variant.JPEG && !jpeg {
			t.Errorf("%s: %+v", name, p)
		}
		if c.f == variant.WebP && (!p.Output.Lossless || p.Background != variant.Color{}) {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// TestMezzanineSize: what a decoder of JPEG gives by halving, where that is about the
// side that is wanted; else that side.
func TestMezzanineSize(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		f            variant.Format
		o            int
		w, y         int
		wantW, wantY int
	}{
		{"half", variant.JPEG, 1, 4032, 3024, 2016, 1512},
		{"half, upright", variant.JPEG, 1, 3024, 4032, 1512, 2016},
		{"half, odd", variant.JPEG, 1, 4001, 2999, 2000, 1499},
		{"half, odd and turned", variant.JPEG, 6, 4001, 2999, 1499, 2000},
		{"the smallest half", variant.JPEG, 1, 3840, 2560, 1920, 1280},
		{"a little smaller", variant.JPEG, 1, 3839, 2560, 2048, 1366},
		{"the side itself", variant.JPEG, 1, 4096, 2304, 2048, 1152},
		{"the largest half", variant.JPEG, 1, 4608, 3456, 2304, 1728},
		{"the largest half, odd", variant.JPEG, 1, 4609, 3456, 2304, 1728},
		{"a little larger", variant.JPEG, 1, 4610, 3456, 2048, 1535},
		{"between", variant.JPEG, 1, 6000, 4000, 2048, 1365},
		{"a quarter", variant.JPEG, 1, 8064, 6048, 2016, 1512},
		{"an eighth", variant.JPEG, 1, 16128, 900, 2016, 112},
		{"a sixteenth, which there is not", variant.JPEG, 1, 32768, 900, 2048, 56},
		{"no JPEG", variant.WebP, 1, 4000, 3000, 2048, 1536},
	} {
		s := keeping()
		s.MaxPixels = 0
		h := camera(func(h *header.Header) { h.Format, h.Orientation, h.Width, h.Height = c.f, c.o, c.w, c.y })
		p, ok := s.Mezzanine(h)
		if !ok || p.ScaledW != c.wantW || p.ScaledH != c.wantY {
			t.Errorf("%s: %dx%d, %t, want %dx%d", c.name, p.ScaledW, p.ScaledH, ok, c.wantW, c.wantY)
		}
	}
}

// TestCoarse: nobody can ask for it.
func TestCoarse(t *testing.T) {
	t.Parallel()
	for _, ops := range []string{"300x", "2048x", "dpr_1", "2000x,q_90"} {
		v, err := variant.Parse(ops)
		if err != nil {
			t.Fatal(err)
		}
		if p, err := resize.NewPlan(camera(nil), v, 0, keeping()); err != nil || p.Coarse {
			t.Errorf("%s: %+v, %v", ops, p, err)
		}
	}
}

func TestNoMezzanine(t *testing.T) {
	t.Parallel()
	size := func(w, height int) func(*header.Header) {
		return func(h *header.Header) { h.Width, h.Height = w, height }
	}
	for name, c := range map[string]struct {
		h      header.Header
		change func(*resize.Settings)
		has    bool
	}{
		"camera":                 {h: camera(nil), has: true},
		"off":                    {h: camera(nil), change: func(s *resize.Settings) { s.MezzanineSide = 0 }},
		"negative":               {h: camera(nil), change: func(s *resize.Settings) { s.MezzanineSide = -5 }},
		"at the limit":           {h: camera(nil), change: func(s *resize.Settings) { s.MezzanineOver = 12_000_000 }},
		"above it":               {h: camera(nil), change: func(s *resize.Settings) { s.MezzanineOver = 11_999_999 }, has: true},
		"too many pixels":        {h: camera(nil), change: func(s *resize.Settings) { s.MaxPixels = 11_999_999 }},
		"too many scans":         {h: camera(func(h *header.Header) { h.Scans = 128; h.Width = 14000 })},
		"larger":                 {h: camera(nil), change: func(s *resize.Settings) { s.MezzanineSide = 4000 }},
		"little gained":          {h: camera(size(3264, 2448))},
		"enough gained":          {h: camera(size(3552, 2664)), has: true},
		"progressive":            {h: camera(func(h *header.Header) { size(2880, 2160)(h); h.Progressive = true }), has: true},
		"progressive, but small": {h: camera(func(h *header.Header) { size(2560, 1920)(h); h.Progressive = true })},
		"few colours":            {h: camera(func(h *header.Header) { h.Format, h.Palette = variant.PNG, true })},
		"GIF":                    {h: camera(func(h *header.Header) { h.Format = variant.GIF })},
		"animated":               {h: camera(func(h *header.Header) { h.Format, h.Pages = variant.WebP, 2 })},
		"pages":                  {h: camera(func(h *header.Header) { h.Format, h.Pages = variant.TIFF, 3 })},
		"SVG":                    {h: camera(func(h *header.Header) { h.Format = variant.SVG })},
		"PDF":                    {h: camera(func(h *header.Header) { h.Format = variant.PDF })},
		"without WebP": {
			h:      camera(func(h *header.Header) { h.Format, h.Alpha = variant.PNG, true }),
			change: func(s *resize.Settings) { s.CanWrite = nil },
		},
		"lossless and slow": {
			h:      camera(func(h *header.Header) { h.Format, h.Alpha, h.Width, h.Height = variant.PNG, true, 9000, 9000 }),
			change: func(s *resize.Settings) { s.MezzanineSide = 4000 },
		},
		"nothing": {h: header.Header{}},
	} {
		s := keeping()
		if c.change != nil {
			c.change(&s)
		}
		if _, ok := s.Mezzanine(c.h); ok != c.has {
			t.Errorf("%s: %t, want %t", name, ok, c.has)
		}
	}
}

func TestMezzanineSuffices(t *testing.T) {
	t.Parallel()
	m := photo(2048, 1365)
	clear := photo(2048, 1365)
	clear.Format, clear.Alpha = variant.WebP, true
	for ops, want := range map[string][2]bool{ // from m, from clear
		"300x300":                      {true, true},
		"1024x":                        {true, true}, // 683 high, of 1365
		"1025x":                        {false, false},
		"x682":                         {true, true},
		"1400x":                        {false, false},
		"600x,fit_fill":                {true, true},
		"100x1200,fit_fill":            {false, false},
		"200x200,crop_0_0_800_800":     {true, true},
		"200x200,crop_0_0_200_200":     {false, false},
		"200x,crop_10p_10p_20p_20p":    {true, true},
		"400x400,crop_10p_10p_20p_20p": {false, false},
		"300x,f_png":                   {false, true},
		"300x,f_webp,lossless":         {false, true},
		"300x,f_webp":                  {true, true},
		"dpr_1":                        {false, false},
		"400x,dpr_3":                   {false, false},
		"900x,pad_400":                 {true, true},
	} {
		v, err := variant.Parse(ops)
		if err != nil {
			t.Fatal(err)
		}
		p, err := resize.NewPlan(camera(func(h *header.Header) { h.Height = 2666 }), v, 0, keeping())
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]bool{resize.MezzanineSuffices(m, p), resize.MezzanineSuffices(clear, p)}; got != want {
			t.Errorf("%s, scaled to %dx%d: %v, want %v", ops, p.ScaledW, p.ScaledH, got, want)
		}
	}
	p := resize.Plan{Frames: 1, ScaledW: 100, ScaledH: 100, Output: resize.Output{Format: variant.WebP}}
	page, frames, plain := p, p, p
	page.Page, frames.Frames, plain.Plain.Format = 1, 2, variant.PNG
	if !resize.MezzanineSuffices(m, p) || resize.MezzanineSuffices(m, page) || resize.MezzanineSuffices(m, frames) || resize.MezzanineSuffices(m, plain) {
		t.Error("pages, frames and what is compared with a PNG are for the original")
	}
}

func TestMezzanineRecipe(t *testing.T) {
	t.Parallel()
	off := keeping()
	off.MezzanineSide = 0
	other, over := keeping(), keeping()
	other.MezzanineSide = 2560
	over.MezzanineOver = 8_000_000
	var names []string
	for _, s := range []resize.Settings{off, keeping(), other, over} {
		names = append(names, s.Recipe())
	}
	if slices.Sort(names); len(slices.Compact(names)) != 4 {
		t.Errorf("settings share a recipe: %v", names)
	}
	before := off
	if off.MezzanineOver = 0; off.Recipe() != before.Recipe() {
		t.Error("without mezzanines their settings change the names of derivatives")
	}
}

// body is a mezzanine as it is kept, of a photograph that is camera.
func body() []byte { return resizetest.JPEG(resizetest.Quarters(32, 24)) }

func unpacked(data []byte) (resize.Mezzanine, error) {
	return resize.UnpackMezzanine(bytes.NewReader(data), int64(len(data)))
}

func bodyOf(t *testing.T, m resize.Mezzanine) []byte {
	t.Helper()
	data, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestMezzaninePacked(t *testing.T) {
	t.Parallel()
	for _, h := range []header.Header{
		camera(nil),
		camera(func(h *header.Header) {
			h.Format, h.Depth, h.Alpha, h.Gray, h.ICC, h.Scans, h.Orientation = variant.HEIC, 12, true, true, true, 0, 8
		}),
		camera(func(h *header.Header) { h.CMYK, h.Progressive, h.Scans = true, true, 10 }),
	} {
		data := resize.PackMezzanine(h, 5<<40, body())
		m, err := unpacked(data)
		if err != nil {
			t.Fatal(err)
		}
		if m.Original != h || m.OriginalBytes != 5<<40 || !bytes.Equal(bodyOf(t, m), body()) || m.Header.Width != 32 || m.Header.Format != variant.JPEG {
			t.Errorf("%+v came back as %+v, %d bytes, body %+v", h, m.Original, m.OriginalBytes, m.Header)
		}
		line, _, _ := bytes.Cut(data, []byte("\n"))
		if len(line) > 512 || !bytes.Contains(line, []byte(h.Format.String())) {
			t.Errorf("its label is %q", line)
		}
	}
}

func TestMezzanineRefused(t *testing.T) {
	t.Parallel()
	good := string(resize.PackMezzanine(camera(nil), 1234, body()))
	line, picture, _ := strings.Cut(good, "\n")
	replaced := func(old, by string) string {
		if !strings.Contains(line, old) {
			t.Fatalf("%q is not in %q", old, line)
		}
		return strings.Replace(line, old, by, 1) + "\n" + picture
	}
	gray := resizetest.PNG(resizetest.Quarters(32, 24))
	for name, data := range map[string]string{
		"nothing":           "",
		"a picture":         picture,
		"other magic":       "x" + good,
		"magic alone":       good[:20],
		"no body":           line + "\n",
		"no newline":        line,
		"long label":        strings.Replace(good, "\n", strings.Repeat(" ", 2000)+"\n", 1),
		"no JSON":           replaced("{", "["),
		"two values":        strings.Replace(good, "\n", "{}\n", 1),
		"no format":         replaced(`"jpeg"`, `""`),
		"unknown format":    replaced(`"jpeg"`, `"bmp"`),
		"auto":              replaced(`"jpeg"`, `"auto"`),
		"drawing":           replaced(`"jpeg"`, `"svg"`),
		"no width":          replaced(`"Width":4000`, `"Width":0`),
		"negative":          replaced(`"Height":3000`, `"Height":-1`),
		"huge":              replaced(`"Width":4000`, `"Width":4000000000000`),
		"beyond integers":   replaced(`"Width":4000`, `"Width":1e99`),
		"smaller than body": replaced(`"Width":4000`, `"Width":31`),
		"orientation":       replaced(`"Orientation":1`, `"Orientation":9`),
		"no orientation":    replaced(`"Orientation":1`, `"Orientation":0`),
		"pages":             replaced(`"Pages":1`, `"Pages":2`),
		"scans":             replaced(`"Scans":1`, `"Scans":1000000`),
		"no bytes":          replaced(`"Bytes":1234`, `"Bytes":0`),
		"body cut short":    good[:len(good)-5],
		"body no picture":   line + "\nhello",
		"body PNG":          line + "\n" + string(gray),
		"body turned":       line + "\n" + string(resizetest.Oriented(body(), 6)),
		"body larger":       line + "\n" + string(resizetest.JPEG(resizetest.Quarters(1, 3001))),
		"body progressive":  line + "\n" + string(odd.ManyScans(32, 24, 10)),
	} {
		if m, err := unpacked([]byte(data)); !errors.Is(err, header.ErrBroken) {
			t.Errorf("%s: %+v, %v, want ErrBroken", name, m.Original, err)
		}
	}
	if _, err := unpacked([]byte(good)); err != nil {
		t.Error(err)
	}
}

// FuzzUnpackMezzanine: what is unpacked keeps its promises, and packs again.
func FuzzUnpackMezzanine(f *testing.F) {
	f.Add(resize.PackMezzanine(camera(nil), 1234, body()))
	f.Add(resize.PackMezzanine(camera(func(h *header.Header) { h.Orientation = 5 }), 1, resizetest.JPEG(resizetest.Quarters(16, 12))))
	f.Add([]byte("thumbery mezzanine 1 {}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := unpacked(data)
		if err != nil {
			if !errors.Is(err, header.ErrBroken) {
				t.Errorf("of another kind: %v", err)
			}
			return
		}
		w, h := m.Original.Upright()
		if m.Header.Width > w || m.Header.Height > h || m.Header.Orientation != 1 || m.OriginalBytes < 1 {
			t.Errorf("%+v", m)
		}
		again, err := unpacked(resize.PackMezzanine(m.Original, m.OriginalBytes, bodyOf(t, m)))
		if err != nil || again.Original != m.Original || !bytes.Equal(bodyOf(t, again), bodyOf(t, m)) {
			t.Errorf("packed again: %+v, %v", again.Original, err)
		}
	})
}

// TestMezzanineLabelIsWhole: a field that is added to Header must come back.
func TestMezzanineLabelIsWhole(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(header.Header{})
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		t.Fatal(err)
	}
	line, _, _ := bytes.Cut(resize.PackMezzanine(camera(nil), 1, nil), []byte("\n"))
	for name := range fields {
		if !bytes.Contains(line, []byte(`"`+name+`":`)) {
			t.Errorf("%s is not in %s", name, line)
		}
	}
}

func TestCostOfAll(t *testing.T) {
	t.Parallel()
	small := resize.Plan{Frames: 1, ScaledW: 100, ScaledH: 100, Cut: resize.Rect{Width: 100, Height: 100}, CanvasW: 100, CanvasH: 100, Output: resize.Output{Format: variant.JPEG}}
	large := small
	large.CanvasW, large.CanvasH, large.Output.Format = 2000, 1000, variant.WebP
	h := camera(nil)
	if got, want := resize.CostOfAll(h, []resize.Plan{small}), small.Cost(h); got != want {
		t.Errorf("one weighs %d, and alone %d", got, want)
	}
	got := resize.CostOfAll(h, []resize.Plan{small, large, small})
	if want := large.Cost(h) + 16_000_000 + 10_000; got != want {
		t.Errorf("three weigh %d, want %d", got, want)
	}
	if resize.CostOfAll(h, nil) != 0 {
		t.Error("none weigh something")
	}
}
