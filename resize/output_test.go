package resize_test

import (
	"errors"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

func TestPlanOutput(t *testing.T) {
	t.Parallel()
	kind := func(f variant.Format, alpha bool) header.Header {
		h := photo(2000, 1000)
		h.Format, h.Alpha = f, alpha
		return h
	}
	both := variant.AcceptAVIF | variant.AcceptWebP
	old := func(f variant.Format) bool { return f == variant.JPEG || f == variant.PNG }
	opaque := variant.Color{R: 255, G: 255, B: 255, A: 255, Set: true}
	red := variant.Color{R: 255, A: 255, Set: true}
	none := variant.Color{}
	for _, c := range []struct {
		h        header.Header
		ops      string
		accept   variant.Accept
		canWrite func(variant.Format) bool
		want     resize.Output
		under    variant.Color
	}{
		{kind(variant.JPEG, false), "100x,progressive", 0, all, resize.Output{Format: variant.JPEG, Quality: 80, Progressive: true}, opaque},
		{kind(variant.JPEG, false), "100x,progressive,f_auto", variant.AcceptWebP, all, resize.Output{Format: variant.WebP, Quality: 79}, opaque},
		{kind(variant.JPEG, false), "100x", both, all, resize.Output{Format: variant.JPEG, Quality: 80}, opaque},
		{kind(variant.PNG, true), "100x", 0, all, resize.Output{Format: variant.PNG, Quality: 80}, none},
		{kind(variant.PNG, true), "100x,bg_ff0000", 0, all, resize.Output{Format: variant.PNG, Quality: 80}, red},
		{kind(variant.WebP, true), "100x", 0, all, resize.Output{Format: variant.WebP, Quality: 79}, none},
		{kind(variant.WebP, true), "100x", 0, old, resize.Output{Format: variant.PNG, Quality: 80}, none},
		{kind(variant.WebP, true), "100x,bg_ff0000", 0, old, resize.Output{Format: variant.JPEG, Quality: 80}, red},
		{kind(variant.JXL, false), "100x", 0, all, resize.Output{Format: variant.JPEG, Quality: 80}, opaque},
		{kind(variant.JXL, true), "100x", 0, all, resize.Output{Format: variant.PNG, Quality: 80}, none},
		{kind(variant.PNG, true), "100x,f_jxl,lossless", 0, all, resize.Output{Format: variant.JXL, Quality: 75, Lossless: true}, none},
		{kind(variant.HEIC, false), "100x", 0, all, resize.Output{Format: variant.JPEG, Quality: 80}, opaque},
		{kind(variant.TIFF, false), "100x", 0, nil, resize.Output{Format: variant.JPEG, Quality: 80}, opaque},
		{kind(variant.SVG, true), "100x", 0, all, resize.Output{Format: variant.PNG, Quality: 80}, none},
		{kind(variant.GIF, true), "100x", 0, all, resize.Output{Format: variant.GIF, Quality: 80}, none},
		{kind(variant.PNG, true), "100x,f_jpeg", 0, all, resize.Output{Format: variant.JPEG, Quality: 80}, opaque},
		{kind(variant.JPEG, false), "100x,f_webp,lossless", 0, all, resize.Output{Format: variant.WebP, Quality: 79, Lossless: true}, opaque},
		{kind(variant.JPEG, false), "100x,f_png,lossless", 0, all, resize.Output{Format: variant.PNG, Quality: 80, Lossless: true}, opaque},
		{kind(variant.JPEG, false), "100x,q_33", 0, all, resize.Output{Format: variant.JPEG, Quality: 33}, opaque},
		{kind(variant.JPEG, false), "100x,f_auto", both, all, resize.Output{Format: variant.AVIF, Quality: 60}, opaque},
		{kind(variant.JPEG, false), "1600x,f_auto", both, all, resize.Output{Format: variant.WebP, Quality: 79}, opaque},
		{kind(variant.JPEG, false), "1600x,f_auto", variant.AcceptAVIF, all, resize.Output{Format: variant.JPEG, Quality: 80}, opaque},
		{kind(variant.JPEG, false), "100x,f_auto", variant.AcceptWebP, all, resize.Output{Format: variant.WebP, Quality: 79}, opaque},
		{kind(variant.JPEG, false), "100x,f_auto", both, old, resize.Output{Format: variant.JPEG, Quality: 80}, opaque},
		{kind(variant.PNG, true), "100x,f_auto", 0, all, resize.Output{Format: variant.PNG, Quality: 80}, none},
		{kind(variant.PNG, false), "100x,f_auto", 0, all, resize.Output{Format: variant.JPEG, Quality: 80}, opaque},
		{kind(variant.JPEG, false), "100x,f_auto,lossless", 0, all, resize.Output{Format: variant.PNG, Quality: 80, Lossless: true}, opaque},
		{kind(variant.GIF, true), "100x,f_auto", variant.AcceptWebP, all, resize.Output{Format: variant.WebP, Quality: 79}, none},
	} {
		p, err := resize.NewPlan(c.h, parse(t, c.ops), c.accept, resize.Settings{CanWrite: c.canWrite})
		if err != nil || p.Output != c.want || p.Background != c.under {
			t.Errorf("%v alpha %t %s %d: %+v %+v, %v, want %+v %+v", c.h.Format, c.h.Alpha, c.ops, c.accept, p.Output, p.Background, err, c.want, c.under)
		}
	}
	_, err := resize.NewPlan(photo(10, 10), parse(t, "f_avif"), 0, resize.Settings{CanWrite: old})
	if u, ok := errors.AsType[*resize.UnsupportedError](err); !ok || u.Option != "f_avif" {
		t.Errorf("AVIF without an encoder: %v", err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s := resize.Settings{Quality: map[variant.Format]int{variant.JPEG: 70, variant.WebP: 101}, CanWrite: all}
	for f, want := range map[variant.Format]int{variant.JPEG: 70, variant.WebP: 79, variant.AVIF: 60} {
		p, err := resize.NewPlan(photo(10, 10), variant.Variant{Format: f}, 0, s)
		if err != nil || p.Output.Quality != want {
			t.Errorf("%v: quality %d, %v, want %d", f, p.Output.Quality, err, want)
		}
	}
	seen := map[string]bool{}
	none := []variant.Format{}
	for _, s := range []resize.Settings{
		{},
		s,
		{CanWrite: all},
		{Quality: s.Quality},
		{Restore: true},
		{Linear: true},
		{CanWrite: all, Auto: none},
		{AVIFMaxPixels: 1},
		{JXLMaxPixels: 1},
		{Quality: map[variant.Format]int{variant.JXL: 50}},
		{CanWrite: all, Auto: []variant.Format{variant.WebP}},
	} {
		if seen[s.Recipe()] {
			t.Errorf("recipe %s stands for two settings", s.Recipe())
		}
		seen[s.Recipe()] = true
	}
	with, without := resize.Settings{CanWrite: all}, resize.Settings{CanWrite: func(f variant.Format) bool { return f != variant.JXL }}
	if with.JXLMaxPixels = resize.DefaultJXLPixels; with.Recipe() != without.Recipe() {
		t.Error("that JPEG XL can be written changes the names of pictures in other formats")
	}
	if a, b := (resize.Settings{MaxPixels: 1}), (resize.Settings{MaxPixels: 2, MaxFrames: 3}); a.Recipe() != b.Recipe() {
		t.Error("a limit changes the recipe")
	}
}

func white(a uint8) variant.Color { return variant.Color{R: 255, G: 255, B: 255, A: a, Set: a > 0} }

// What lies under the picture: nothing where it can stay transparent, and a
// colour without alpha where it cannot.
func TestPlanBackground(t *testing.T) {
	t.Parallel()
	blue := func(a uint8) variant.Color { return variant.Color{B: 255, A: a, Set: true} }
	opaque, alpha := photo(80, 60), photo(80, 60)
	alpha.Format, alpha.Alpha = variant.PNG, true
	none := variant.Color{}
	for _, c := range []struct {
		h    header.Header
		ops  string
		want variant.Color
	}{
		{opaque, "f_png", white(255)},
		{opaque, "f_png,pad_9", white(255)},
		{opaque, "40x40,fit_contain,f_webp", white(255)},
		{opaque, "f_png,bg_0000ff", blue(255)},
		{opaque, "f_png,bg_0000ff80", variant.Color{R: 127, G: 127, B: 255, A: 255, Set: true}}, // and nothing shows it
		{opaque, "f_png,pad_9,bg_0000ff80", blue(128)},
		{opaque, "f_avif,40x40,fit_contain,bg_0000ff80", blue(128)},
		{opaque, "f_png,round_9", none},
		{opaque, "f_png,round_9,bg_0000ff", blue(255)},
		{opaque, "f_png,round_9,bg_0000ff80", blue(128)},
		{opaque, "f_jpeg,round_9", white(255)},
		{opaque, "f_jpeg,round_9,bg_0000ff", blue(255)},
		{opaque, "f_jpeg,pad_9,bg_0000ff80", variant.Color{R: 127, G: 127, B: 255, A: 255, Set: true}},
		{opaque, "f_jpeg,pad_9,bg_00000000", white(255)},
		{alpha, "f_png", none},
		{alpha, "f_png,pad_9", none},
		{alpha, "f_gif", none},
		{alpha, "f_png,bg_0000ff", blue(255)},
		{alpha, "f_webp,bg_0000ff01", blue(1)},
		{alpha, "f_webp,bg_0000ff00", blue(0)},
		{alpha, "f_jpeg", white(255)},
		{alpha, "f_jpeg,bg_00000080", variant.Color{R: 127, G: 127, B: 127, A: 255, Set: true}},
	} {
		p, err := resize.NewPlan(c.h, parse(t, c.ops), 0, resize.Settings{CanWrite: all})
		if err != nil || p.Background != c.want || p.Flattened() != (c.want.A == 255) {
			t.Errorf("alpha %t %s: %+v, %v, want %+v", c.h.Alpha, c.ops, p.Background, err, c.want)
		}
	}
}

// f_auto is compared with the format that everyone reads, which has alpha where
// the result has.
func TestPlanComparesWithThePlain(t *testing.T) {
	t.Parallel()
	both := variant.AcceptWebP | variant.AcceptAVIF
	opaque, alpha, few, svg, gif := photo(800, 600), photo(800, 600), photo(800, 600), photo(800, 600), photo(800, 600)
	alpha.Format, alpha.Alpha = variant.PNG, true
	few.Format, few.Palette = variant.PNG, true
	svg.Format, svg.Alpha = variant.SVG, true
	gif.Format, gif.Pages = variant.GIF, 3
	jpeg := resize.Output{Format: variant.JPEG, Quality: 80}
	png := resize.Output{Format: variant.PNG, Quality: 80}
	for _, c := range []struct {
		h      header.Header
		ops    string
		accept variant.Accept
		first  variant.Format
		want   resize.Output
	}{
		{opaque, "100x,f_auto", both, variant.AVIF, jpeg},
		{opaque, "100x,f_auto", variant.AcceptWebP, variant.WebP, jpeg},
		{opaque, "100x,f_auto", both | variant.PreferWebP, variant.WebP, jpeg},
		{opaque, "100x,f_auto,progressive", both, variant.AVIF, resize.Output{Format: variant.JPEG, Quality: 80, Progressive: true}},
		{opaque, "100x,f_auto,q_40", both, variant.AVIF, resize.Output{Format: variant.JPEG, Quality: 40}},
		{opaque, "100x,f_auto", both | variant.SaveData, variant.AVIF, resize.Output{Format: variant.JPEG, Quality: 56}},
		{opaque, "100x,f_auto,lossless", both, variant.AVIF, resize.Output{Format: variant.PNG, Quality: 80, Lossless: true}},
		{opaque, "100x,f_auto,round_9", both, variant.AVIF, png},
		{opaque, "100x,f_auto,round_9,bg_000000", both, variant.AVIF, jpeg},
		{opaque, "100x,f_auto,pad_9,bg_00000080", both, variant.AVIF, png},
		{opaque, "100x,f_auto", 0, variant.JPEG, resize.Output{}},
		{opaque, "100x,f_webp", both, variant.WebP, resize.Output{}},
		{opaque, "100x", both, variant.JPEG, resize.Output{}},
		{alpha, "100x,f_auto", both, variant.AVIF, png},
		{alpha, "100x,f_auto,bg_ffffff", both, variant.AVIF, jpeg},
		{alpha, "100x,f_auto", 0, variant.PNG, resize.Output{}},
		{few, "100x,f_auto", both, variant.AVIF, resize.Output{Format: variant.PNG, Quality: 80, Palette: true}},
		{svg, "100x,f_auto", variant.AcceptWebP, variant.WebP, png},
		{alpha, "100x,f_auto", variant.AcceptJXL, variant.JXL, png},
		{gif, "100x,f_auto", variant.AcceptJXL, variant.GIF, resize.Output{}},
		{gif, "100x,f_auto", both, variant.WebP, resize.Output{}},
		{gif, "100x,f_auto,still", both, variant.AVIF, jpeg},
	} {
		p, err := resize.NewPlan(c.h, parse(t, c.ops), c.accept, resize.Settings{CanWrite: all})
		if err != nil || p.Output.Format != c.first || p.Plain != c.want {
			t.Errorf("%v %s for %b: %v beside %+v, %v, want %v beside %+v", c.h.Format, c.ops, c.accept, p.Output.Format, p.Plain, err, c.first, c.want)
		}
	}
}

// The quality is the URL's, or the server's, and less for who saves data.
func TestPlanQuality(t *testing.T) {
	t.Parallel()
	s := resize.Settings{CanWrite: all, Quality: map[variant.Format]int{variant.WebP: 71}}
	for _, c := range []struct {
		ops    string
		accept variant.Accept
		want   int
	}{
		{"f_auto", variant.AcceptWebP, 71},
		{"f_auto", variant.AcceptWebP | variant.SaveData, 49},
		{"f_auto,q_90", variant.AcceptWebP | variant.SaveData, 63},
		{"f_auto,q_1", variant.AcceptWebP | variant.SaveData, 1},
		{"f_auto", variant.SaveData, 56},
		{"f_auto", variant.AcceptAVIF | variant.SaveData, 42},
		{"f_auto", variant.AcceptJXL | variant.SaveData, 52},
		{"f_jxl", 0, 75},
		{"f_webp", variant.AcceptWebP | variant.SaveData, 71},
		{"dpr_1", variant.SaveData, 80},
	} {
		p, err := resize.NewPlan(photo(100, 100), parse(t, c.ops), c.accept, s)
		if err != nil || p.Output.Quality != c.want {
			t.Errorf("%s for %b: %d, %v, want %d", c.ops, c.accept, p.Output.Quality, err, c.want)
		}
	}
}

func TestPlanAuto(t *testing.T) {
	t.Parallel()
	both := variant.AcceptWebP | variant.AcceptAVIF
	webp, avif := []variant.Format{variant.WebP}, []variant.Format{variant.AVIF}
	for _, c := range []struct {
		s      resize.Settings
		ops    string
		accept variant.Accept
		want   variant.Format
	}{
		{resize.Settings{}, "800x", both, variant.AVIF},
		{resize.Settings{}, "800x", both | variant.PreferWebP, variant.WebP},
		{resize.Settings{}, "800x", both | variant.AcceptJXL, variant.AVIF},
		{resize.Settings{}, "800x", both | variant.AcceptJXL | variant.PreferJXL, variant.JXL},
		{resize.Settings{}, "1200x", both | variant.AcceptJXL, variant.JXL},
		{resize.Settings{}, "1200x", both | variant.AcceptJXL | variant.PreferWebPToJXL, variant.WebP},
		{resize.Settings{}, "1300x", both | variant.AcceptJXL, variant.WebP}, // 1300x1040
		{resize.Settings{JXLMaxPixels: 1300 * 1040}, "1300x", both | variant.AcceptJXL, variant.JXL},
		{resize.Settings{}, "1300x", variant.AcceptJXL, variant.JPEG},
		{resize.Settings{Auto: webp}, "800x", variant.AcceptJXL, variant.JPEG},
		{resize.Settings{Auto: webp}, "800x", both, variant.WebP},
		{resize.Settings{Auto: avif}, "800x", both, variant.AVIF},
		{resize.Settings{Auto: avif}, "800x", both | variant.PreferWebP, variant.AVIF},
		{resize.Settings{Auto: avif}, "2000x", both, variant.JPEG},
		{resize.Settings{Auto: []variant.Format{}}, "800x", both, variant.JPEG},
		{resize.Settings{AVIFMaxPixels: 1_000_000}, "1000x1000", both, variant.AVIF},
		{resize.Settings{AVIFMaxPixels: 999_999}, "1000x1000", both, variant.WebP},
		{resize.Settings{AVIFMaxPixels: 100 << 20}, "4096x2048", both, variant.AVIF},
		{resize.Settings{AVIFMaxPixels: 100 << 20}, "4096x2049", both, variant.WebP}, // and no 422
		{resize.Settings{AVIFMaxPixels: 100 << 20}, "4096x2049,lossless", both, variant.PNG},
	} {
		c.s.CanWrite = all
		p, err := resize.NewPlan(photo(5000, 4000), parse(t, "f_auto,"+c.ops), c.accept, c.s)
		if err != nil || p.Output.Format != c.want {
			t.Errorf("%+v %s for %b: %v, %v, want %v", c.s.Auto, c.ops, c.accept, p.Output.Format, err, c.want)
		}
	}
}

// Clients who get the same are one sort of client.
func TestNormalizeAccept(t *testing.T) {
	t.Parallel()
	both, every := variant.AcceptWebP|variant.AcceptAVIF, variant.Accept(variant.Accepts-1)
	three := both | variant.AcceptJXL
	old := func(f variant.Format) bool { return f <= variant.WebP }
	for _, c := range []struct {
		s        resize.Settings
		ops      string
		in, want variant.Accept
	}{
		{resize.Settings{CanWrite: all}, "dpr_1", every, every},
		{resize.Settings{CanWrite: all}, "dpr_1", both, both},
		{resize.Settings{CanWrite: all}, "dpr_1", variant.PreferWebP, 0},
		{resize.Settings{CanWrite: all}, "dpr_1", variant.PreferWebP | variant.AcceptWebP, variant.AcceptWebP},
		{resize.Settings{CanWrite: old}, "dpr_1", every, variant.AcceptWebP | variant.SaveData},
		{resize.Settings{}, "dpr_1", every, variant.SaveData},
		{resize.Settings{CanWrite: all, Auto: []variant.Format{variant.AVIF}}, "dpr_1", every, variant.AcceptAVIF | variant.SaveData},
		{resize.Settings{CanWrite: all, Auto: []variant.Format{}}, "dpr_1", every, variant.SaveData},
		// JPEG XL where AVIF is too large, or the client prefers it.
		{resize.Settings{CanWrite: all}, "800x", three, three},
		{resize.Settings{CanWrite: all}, "700x", three, three}, // it may be 1050 high
		{resize.Settings{CanWrite: all}, "500x", three, both},
		{resize.Settings{CanWrite: all}, "500x500,fit_outside", three, three},
		{resize.Settings{CanWrite: all}, "500x500,pad_400", three, three},
		{resize.Settings{CanWrite: all}, "300x200,dpr_2", three, both},
		{resize.Settings{CanWrite: all}, "300x200,dpr_3", three, three},
		{resize.Settings{CanWrite: all}, "x500", three | variant.PreferWebPToJXL, both},
		{resize.Settings{CanWrite: all}, "700x", three | variant.PreferJXL, three | variant.PreferJXL},
		{resize.Settings{CanWrite: all}, "700x", variant.AcceptJXL | variant.SaveData, variant.AcceptJXL | variant.SaveData},
		{resize.Settings{CanWrite: all, AVIFMaxPixels: 9}, "700x", three, three},
		{resize.Settings{CanWrite: func(f variant.Format) bool { return f != variant.JXL }}, "800x", three | variant.PreferJXL, both},
		{resize.Settings{CanWrite: all, Auto: []variant.Format{variant.JXL, variant.WebP}}, "300x", three | variant.PreferJXL, variant.AcceptJXL | variant.AcceptWebP},
	} {
		if got := c.s.NormalizeAccept(parse(t, c.ops), c.in); got != c.want {
			t.Errorf("%b for %q becomes %b, want %b", c.in, c.ops, got, c.want)
		}
	}
}

func TestPlanPalette(t *testing.T) {
	t.Parallel()
	s := resize.Settings{CanWrite: all, Watermarks: map[string]string{"logo": "1"}}
	for _, c := range []struct {
		from    variant.Format
		palette bool
		ops     string
		want    bool
	}{
		{variant.PNG, true, "100x", true},
		{variant.PNG, true, "f_png", true},
		{variant.PNG, true, "100x,pad_9", true},
		{variant.PNG, true, "lossless", false},
		{variant.PNG, true, "wm_logo", false},
		{variant.PNG, true, "f_webp", false},
		{variant.PNG, true, "f_gif", false},
		{variant.PNG, false, "100x", false},
		{variant.JPEG, false, "f_png", false},
		{variant.GIF, false, "f_png", true},
		{variant.PNG, true, "5000x,up_1", false}, // it would take too long
	} {
		h := photo(1000, 500)
		h.Format, h.Palette = c.from, c.palette
		p, err := resize.NewPlan(h, parse(t, c.ops), 0, s)
		if err != nil || p.Output.Palette != c.want {
			t.Errorf("%v %s: %+v, %v, want a palette: %t", c.from, c.ops, p.Output, err, c.want)
		}
	}
}
