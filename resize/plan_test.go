package resize_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

func parse(t testing.TB, ops string) variant.Variant {
	t.Helper()
	v, err := variant.Parse(ops)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func all(variant.Format) bool { return true }

func photo(w, h int) resize.Header {
	return resize.Header{Format: variant.JPEG, Width: w, Height: h, Orientation: 1, Pages: 1, Depth: 8}
}

// geometry is a plan without its output, short enough for a table: what it
// scales to, what it cuts from there, and where that stands on which canvas.
func geometry(p resize.Plan) string {
	s := fmt.Sprintf("%dx%d", p.ScaledW, p.ScaledH)
	if !p.CutsNothing() {
		s += fmt.Sprintf(" cut %dx%d+%d+%d", p.Cut.Width, p.Cut.Height, p.Cut.Left, p.Cut.Top)
	}
	if p.Letterboxed() {
		s += fmt.Sprintf(" on %dx%d+%d+%d", p.CanvasW, p.CanvasH, p.OffsetX, p.OffsetY)
	}
	return s
}

func TestPlanGeometry(t *testing.T) {
	for _, c := range []struct {
		w, h int
		ops  string
		want string
	}{
		// One side or none.
		{800, 600, "dpr_1", "800x600"},
		{800, 600, "dpr_2", "800x600"},
		{800, 600, "200x", "200x150"},
		{800, 600, "x200", "267x200"},
		{800, 600, "1000x", "800x600"},
		{800, 600, "1000x,up_1", "1000x750"},
		{800, 600, "200x,dpr_2", "400x300"},
		{800, 600, "200x,dpr_1.5", "300x225"},
		{8000, 3, "100x", "100x1"},
		{3, 8000, "x100", "1x100"},
		{3, 2, "2x", "2x1"},

		// Cover.
		{800, 600, "300x200", "300x225 cut 300x200+0+12"},
		{800, 600, "200x200", "267x200 cut 200x200+33+0"},
		{800, 600, "800x600", "800x600"},
		{800, 600, "799x600", "800x600 cut 799x600+0+0"},
		{200, 200, "300x200", "200x200 cut 200x133+0+33"},
		{200, 200, "300x200,up_1", "300x300 cut 300x200+0+50"},
		{300, 200, "300x200,dpr_2", "300x200"},
		{400, 300, "300x200,dpr_2", "400x300 cut 400x267+0+16"},
		{400, 300, "300x200,dpr_2,up_1", "600x450 cut 600x400+0+25"},
		{8000, 3, "100x100", "8000x3 cut 3x3+3998+0"},
		{1, 1, "100x50", "1x1"},
		{1000, 10, "30x20", "1000x10 cut 15x10+492+0"},

		// Where to cut.
		{800, 600, "300x200,g_n", "300x225 cut 300x200+0+0"},
		{800, 600, "300x200,g_s", "300x225 cut 300x200+0+25"},
		{800, 600, "300x200,g_se", "300x225 cut 300x200+0+25"},
		{800, 600, "300x200,g_ne", "300x225 cut 300x200+0+0"},
		{800, 600, "200x200,g_e", "267x200 cut 200x200+67+0"},
		{800, 600, "200x200,g_w", "267x200 cut 200x200+0+0"},
		{800, 600, "200x200,g_nw", "267x200 cut 200x200+0+0"},
		{800, 600, "200x200,g_sw", "267x200 cut 200x200+0+0"},
		{800, 600, "200x200,fp_0_0", "267x200 cut 200x200+0+0"},
		{800, 600, "200x200,fp_1_1", "267x200 cut 200x200+67+0"},
		{800, 600, "200x200,fp_0.45_0.9", "267x200 cut 200x200+20+0"},
		{800, 600, "300x100,fp_0.1_0.3", "300x225 cut 300x100+0+18"},

		// Contain keeps the canvas.
		{800, 600, "300x300,fit_contain", "300x225 on 300x300+0+37"},
		{800, 600, "300x300,fit_contain,g_n", "300x225 on 300x300+0+0"},
		{800, 600, "300x300,fit_contain,g_s", "300x225 on 300x300+0+75"},
		{600, 800, "300x300,fit_contain,g_e", "225x300 on 300x300+75+0"},
		{100, 50, "300x300,fit_contain", "100x50 on 300x300+100+125"},
		{100, 50, "300x300,fit_contain,g_se", "100x50 on 300x300+200+250"},
		{100, 50, "300x300,fit_contain,up_1", "300x150 on 300x300+0+75"},
		{100, 50, "300x300,fit_contain,dpr_2", "100x50 on 600x600+250+275"},
		{100, 50, "300x300,fit_contain,fp_0_0.5", "100x50 on 300x300+150+125"},
		{100, 50, "300x300,fit_contain,fp_1_0.5", "100x50 on 300x300+50+125"},
		{800, 600, "400x300,fit_contain", "400x300"},

		// Inside, outside, fill.
		{800, 600, "300x300,fit_inside", "300x225"},
		{800, 600, "300x300,fit_outside", "400x300"},
		{800, 600, "300x300,fit_fill", "300x300"},
		{100, 50, "300x300,fit_inside", "100x50"},
		{100, 50, "300x300,fit_outside", "100x50"},
		{100, 50, "300x300,fit_outside,up_1", "600x300"},
		{100, 50, "300x300,fit_fill", "50x50"},
		{100, 50, "300x300,fit_fill,up_1", "300x300"},
		{100, 50, "30x300,fit_fill", "5x50"},

		// Crops.
		{800, 600, "crop_100_50_200_300", "800x600 cut 200x300+100+50"},
		{800, 600, "crop_25p_50p_50p_50p", "800x600 cut 400x300+200+300"},
		{800, 600, "100x,crop_100_50_200_300", "400x300 cut 100x150+50+25"},
		{800, 600, "100x100,crop_100_50_200_300", "400x300 cut 100x100+50+50"},
		{800, 600, "100x100,crop_100_50_200_300,g_s", "400x300 cut 100x100+50+75"},
		{800, 600, "500x500,crop_0_0_200_300", "800x600 cut 200x200+0+50"},
		{800, 600, "400x400,crop_0_0_200_200,up_1", "1600x1200 cut 400x400+0+0"},
		{800, 600, "crop_700_500_500_500", "800x600 cut 100x100+700+500"},
		{800, 600, "crop_799_599_1_1", "800x600 cut 1x1+799+599"},
		{800, 600, "100x100,crop_400_0_400_600,fp_0_0", "200x150 cut 100x100+100+0"},
		{801, 601, "crop_50p_50p_50p_50p", "801x601 cut 400x300+401+301"},
		{801, 601, "crop_0_0_50p_50p", "801x601 cut 401x301+0+0"},
		{800, 600, "50x50,fit_contain,crop_0_0_200_100", "200x150 cut 50x25+0+0 on 50x50+0+12"},
	} {
		t.Run(fmt.Sprintf("%dx%d %s", c.w, c.h, c.ops), func(t *testing.T) {
			p, err := resize.NewPlan(photo(c.w, c.h), parse(t, c.ops), 0, resize.Settings{})
			if err != nil {
				t.Fatal(err)
			}
			if got := geometry(p); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestPlanIsUpright(t *testing.T) {
	h := photo(600, 800)
	for o := range 8 {
		h.Orientation = o + 1
		p, err := resize.NewPlan(h, parse(t, "x300"), 0, resize.Settings{})
		want := "225x300"
		if o+1 >= 5 {
			want = "400x300"
		}
		if got := geometry(p); err != nil || got != want {
			t.Errorf("orientation %d: %s, %v, want %s", o+1, got, err, want)
		}
	}
}

func TestStoredPlan(t *testing.T) {
	p := resize.Plan{ScaledW: 100, ScaledH: 60, Cut: resize.Rect{Left: 10, Top: 5, Width: 30, Height: 20}}
	for o, want := range map[int]string{
		1: "100x60 30x20+10+5", 2: "100x60 30x20+60+5", 3: "100x60 30x20+60+35", 4: "100x60 30x20+10+35",
		5: "60x100 20x30+5+10", 6: "60x100 20x30+5+60", 7: "60x100 20x30+35+60", 8: "60x100 20x30+35+10",
	} {
		w, h, r := p.StoredPlan(o)
		if got := fmt.Sprintf("%dx%d %dx%d+%d+%d", w, h, r.Width, r.Height, r.Left, r.Top); got != want {
			t.Errorf("orientation %d: %s, want %s", o, got, want)
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	limited := resize.Settings{MaxPixels: 1_000_000, CanWrite: all}
	for _, c := range []struct {
		h    resize.Header
		ops  string
		want error
	}{
		{photo(1001, 1000), "100x", resize.ErrTooLarge},
		{photo(100, 100), "2000x2000,up_1", resize.ErrTooLarge},
		{photo(100, 100), "2000x2000,fit_contain", resize.ErrTooLarge},
		{photo(30000, 10), "dpr_1", resize.ErrTooLarge},
		{photo(1000, 1), "100x100,fit_outside,up_1", resize.ErrTooLarge},
		{photo(999, 1000), "16000x60,crop_0_0_1_1,up_1,fit_fill", resize.ErrTooLarge},
		{photo(20_000_000, 1), "100x", resize.ErrTooLarge},
		{resize.Header{Format: variant.JXL}, "100x", resize.ErrBroken},
	} {
		if p, err := resize.NewPlan(c.h, parse(t, c.ops), 0, limited); !errors.Is(err, c.want) || p != (resize.Plan{}) {
			t.Errorf("%dx%d %s: %+v, %v, want %v", c.h.Width, c.h.Height, c.ops, p, err, c.want)
		}
	}
}

func TestPlanNamesTheOption(t *testing.T) {
	for _, c := range []struct{ ops, option string }{
		{"crop_800_0_10_10", "crop_800_0_10_10"},
		{"crop_0_100p_10p_10p", "crop_0_100p_10p_10p"},
		{"f_jpeg,lossless", "lossless"},
		{"f_gif,lossless", "lossless"},
	} {
		_, err := resize.NewPlan(photo(800, 600), parse(t, c.ops), 0, resize.Settings{CanWrite: all})
		bad, ok := errors.AsType[*variant.Error](err)
		if !ok || bad.Option != c.option || !errors.Is(err, variant.ErrOptions) {
			t.Errorf("%s: %v, want an error about %s", c.ops, err, c.option)
		}
	}
}

func TestUnsupported(t *testing.T) {
	for _, c := range []struct{ ops, option string }{
		{"trim", "trim"},
		{"100x,pad_10", "pad"},
		{"rot_90", "rot"},
		{"flip_h", "flip"},
		{"round_5", "round"},
		{"blur_3", "blur"},
		{"sharp_1", "sharp"},
		{"bright_10", "bright"},
		{"contrast_10", "contrast"},
		{"sat_-10", "sat"},
		{"gray", "gray"},
		{"pixel_8", "pixel"},
		{"wm_logo", "wm"},
		{"bytes_1000", "bytes"},
		{"page_2", "page"},
		{"10x10,g_smart", "g_smart"},
		{"bg_ff000080", "bg_ff000080"},
		{"100x100,dpr_2,up_1,fp_0.1_0.2,crop_0_0_10_10,bg_ff0000,f_webp,q_50,lossless,still,dl_a.jpg,v_1", ""},
		{"page_1", ""},
		{"dpr_1", ""},
	} {
		_, err := resize.NewPlan(photo(800, 600), parse(t, c.ops), 0, resize.Settings{CanWrite: all})
		u, ok := errors.AsType[*resize.UnsupportedError](err)
		if ok != (c.option != "") || ok && u.Option != c.option || !ok && err != nil {
			t.Errorf("%s: %v, want %q", c.ops, err, c.option)
		}
	}
}

func TestPlanOutput(t *testing.T) {
	kind := func(f variant.Format, alpha bool) resize.Header {
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
		h        resize.Header
		ops      string
		accept   variant.Accept
		canWrite func(variant.Format) bool
		want     resize.Output
		under    variant.Color
	}{
		{kind(variant.JPEG, false), "100x", both, all, resize.Output{Format: variant.JPEG, Quality: 80}, opaque},
		{kind(variant.PNG, true), "100x", 0, all, resize.Output{Format: variant.PNG, Quality: 80}, none},
		{kind(variant.PNG, true), "100x,bg_ff0000", 0, all, resize.Output{Format: variant.PNG, Quality: 80}, red},
		{kind(variant.WebP, true), "100x", 0, all, resize.Output{Format: variant.WebP, Quality: 75}, none},
		{kind(variant.WebP, true), "100x", 0, old, resize.Output{Format: variant.PNG, Quality: 80}, none},
		{kind(variant.WebP, true), "100x,bg_ff0000", 0, old, resize.Output{Format: variant.JPEG, Quality: 80}, red},
		{kind(variant.HEIC, false), "100x", 0, all, resize.Output{Format: variant.JPEG, Quality: 80}, opaque},
		{kind(variant.TIFF, false), "100x", 0, nil, resize.Output{Format: variant.JPEG, Quality: 80}, opaque},
		{kind(variant.SVG, true), "100x", 0, all, resize.Output{Format: variant.PNG, Quality: 80}, none},
		{kind(variant.GIF, true), "100x", 0, all, resize.Output{Format: variant.GIF, Quality: 80}, none},
		{kind(variant.PNG, true), "100x,f_jpeg", 0, all, resize.Output{Format: variant.JPEG, Quality: 80}, opaque},
		{kind(variant.JPEG, false), "100x,f_webp,lossless", 0, all, resize.Output{Format: variant.WebP, Quality: 75, Lossless: true}, opaque},
		{kind(variant.JPEG, false), "100x,f_png,lossless", 0, all, resize.Output{Format: variant.PNG, Quality: 80}, opaque},
		{kind(variant.JPEG, false), "100x,q_33", 0, all, resize.Output{Format: variant.JPEG, Quality: 33}, opaque},
		{kind(variant.JPEG, false), "100x,f_auto", both, all, resize.Output{Format: variant.AVIF, Quality: 55}, opaque},
		{kind(variant.JPEG, false), "1600x,f_auto", both, all, resize.Output{Format: variant.WebP, Quality: 75}, opaque},
		{kind(variant.JPEG, false), "1600x,f_auto", variant.AcceptAVIF, all, resize.Output{Format: variant.JPEG, Quality: 80}, opaque},
		{kind(variant.JPEG, false), "100x,f_auto", variant.AcceptWebP, all, resize.Output{Format: variant.WebP, Quality: 75}, opaque},
		{kind(variant.JPEG, false), "100x,f_auto", both, old, resize.Output{Format: variant.JPEG, Quality: 80}, opaque},
		{kind(variant.PNG, true), "100x,f_auto", 0, all, resize.Output{Format: variant.PNG, Quality: 80}, none},
		{kind(variant.PNG, false), "100x,f_auto", 0, all, resize.Output{Format: variant.JPEG, Quality: 80}, opaque},
		{kind(variant.JPEG, false), "100x,f_auto,lossless", 0, all, resize.Output{Format: variant.PNG, Quality: 80}, opaque},
		{kind(variant.GIF, true), "100x,f_auto", variant.AcceptWebP, all, resize.Output{Format: variant.WebP, Quality: 75}, none},
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
	s := resize.Settings{Quality: map[variant.Format]int{variant.JPEG: 70, variant.WebP: 101}, CanWrite: all}
	for f, want := range map[variant.Format]int{variant.JPEG: 70, variant.WebP: 75, variant.AVIF: 55} {
		p, err := resize.NewPlan(photo(10, 10), variant.Variant{Format: f}, 0, s)
		if err != nil || p.Output.Quality != want {
			t.Errorf("%v: quality %d, %v, want %d", f, p.Output.Quality, err, want)
		}
	}
	seen := map[string]bool{}
	for _, s := range []resize.Settings{{}, s, {CanWrite: all}, {Quality: s.Quality}} {
		if seen[s.Recipe()] {
			t.Errorf("recipe %s stands for two settings", s.Recipe())
		}
		seen[s.Recipe()] = true
	}
	if a, b := (resize.Settings{MaxPixels: 1}), (resize.Settings{MaxPixels: 2}); a.Recipe() != b.Recipe() {
		t.Error("a limit changes the recipe")
	}
}
