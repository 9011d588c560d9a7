package resize_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
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

func photo(w, h int) header.Header {
	return header.Header{Format: variant.JPEG, Width: w, Height: h, Orientation: 1, Pages: 1, Depth: 8}
}

// scanned is a JPEG of so many passes.
func scanned(w, h, scans int) header.Header {
	p := photo(w, h)
	p.Progressive, p.Scans = true, scans
	return p
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
	t.Parallel()
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

		// Padding is outside of width and height, and grows with dpr.
		{800, 600, "pad_10", "800x600 on 820x620+10+10"},
		{800, 600, "200x,pad_10", "200x150 on 220x170+10+10"},
		{800, 600, "200x,pad_10,dpr_2", "400x300 on 440x340+20+20"},
		{800, 600, "pad_5,dpr_1.5", "800x600 on 816x616+8+8"},
		{800, 600, "100x100,pad_3", "133x100 cut 100x100+16+0 on 106x106+3+3"},
		{800, 600, "300x300,fit_contain,pad_10", "300x225 on 320x320+10+47"},
		{800, 600, "300x300,fit_contain,g_n,pad_10,dpr_2", "600x450 on 640x640+20+20"},
		{100, 50, "300x300,fit_contain,g_se,pad_1", "100x50 on 302x302+201+251"},

		// Width and height are those before turning.
		{800, 600, "200x,rot_90", "200x150"},
		{800, 600, "200x100,rot_270,pad_10", "200x150 cut 200x100+0+25 on 220x120+10+10"},
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
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
	limited := resize.Settings{MaxPixels: 1_000_000, CanWrite: all}
	for _, c := range []struct {
		h    header.Header
		ops  string
		want error
	}{
		{photo(1001, 1000), "100x", header.ErrTooLarge},
		{photo(100, 100), "2000x2000,up_1", header.ErrTooLarge},
		{photo(100, 100), "2000x2000,fit_contain", header.ErrTooLarge},
		{photo(30000, 10), "dpr_1", header.ErrTooLarge},
		{photo(1000, 1), "100x100,fit_outside,up_1", header.ErrTooLarge},
		{photo(999, 1000), "16000x60,crop_0_0_1_1,up_1,fit_fill", header.ErrTooLarge},
		{photo(20_000_000, 1), "100x", header.ErrTooLarge},
		{header.Header{Format: variant.JXL}, "100x", header.ErrBroken},
		{photo(100, 100), "100x,pad_451", header.ErrTooLarge},
		{photo(100, 100), "pad_16383", header.ErrTooLarge},
		{photo(100, 100), "pad_16383,dpr_8", header.ErrTooLarge},
		{photo(10, 10), "crop_0_0_1_1,16000x1,up_1,fit_fill,rot_90", nil},
		{photo(10, 10), "crop_0_0_1_1,16000x1,up_1,fit_fill,rot_90,pad_200", header.ErrTooLarge},
		{scanned(100, 100, 1599), "10x", nil},
		{scanned(100, 100, 1616), "10x", header.ErrTooLarge},
	} {
		if p, err := resize.NewPlan(c.h, parse(t, c.ops), 0, limited); !errors.Is(err, c.want) || (p == resize.Plan{}) != (c.want != nil) {
			t.Errorf("%dx%d %s: %+v, %v, want %v", c.h.Width, c.h.Height, c.ops, p, err, c.want)
		}
	}
}

func TestPlanNamesTheOption(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ ops, option string }{
		{"crop_800_0_10_10", "crop_800_0_10_10"},
		{"crop_0_100p_10p_10p", "crop_0_100p_10p_10p"},
		{"f_jpeg,lossless", "lossless"},
		{"f_gif,lossless", "lossless"},
		{"lossless", "lossless"},
		{"page_2", "page_2"},
		{"wm_logo", "wm_logo"},
	} {
		_, err := resize.NewPlan(photo(800, 600), parse(t, c.ops), 0, resize.Settings{CanWrite: all})
		bad, ok := errors.AsType[*variant.Error](err)
		if !ok || bad.Option != c.option || !errors.Is(err, variant.ErrOptions) {
			t.Errorf("%s: %v, want an error about %s", c.ops, err, c.option)
		}
	}
}

// The result is as large as Size says, whichever way it is turned.
func TestPlanSize(t *testing.T) {
	t.Parallel()
	for ops, want := range map[string][2]int{
		"200x": {200, 150}, "200x,rot_90": {150, 200}, "200x,rot_180": {200, 150}, "200x100,rot_270,pad_10": {120, 220},
		"200x,flip_h": {200, 150}, "300x200,fit_contain,rot_90,dpr_2": {400, 600},
	} {
		p, err := resize.NewPlan(photo(800, 600), parse(t, ops), 0, resize.Settings{})
		if w, h := p.Size(); err != nil || w != want[0] || h != want[1] {
			t.Errorf("%s: %dx%d, %v, want %v", ops, w, h, err, want)
		}
	}
}

// A drawing is made at the size asked for, from its own shape.
func TestPlanOfDrawings(t *testing.T) {
	t.Parallel()
	svg := func(w, h int) header.Header {
		return header.Header{Format: variant.SVG, Width: w, Height: h, Orientation: 1, Alpha: true, Pages: 1, Depth: 8}
	}
	s := resize.Settings{MaxPixels: 20_000_000, CanWrite: all, Restore: true}
	for _, c := range []struct {
		w, h int
		ops  string
		want string
	}{
		{24, 24, "dpr_1", "24x24"},
		{24, 24, "600x", "600x600"},
		{24, 12, "600x", "600x300"},
		{24, 12, "300x300", "600x300 cut 300x300+150+0"},
		{24, 12, "300x300,dpr_2", "1200x600 cut 600x600+300+0"},
		{24, 12, "300x300,fit_contain", "300x150 on 300x300+0+75"},
		{24, 12, "300x300,fit_inside", "300x150"},
		{9000, 9000, "300x", "300x300"}, // what it would have is not drawn
	} {
		p, err := resize.NewPlan(svg(c.w, c.h), parse(t, c.ops), 0, s)
		if got := geometry(p); err != nil || got != c.want || p.Effects.Restore || p.Output.Format != variant.PNG {
			t.Errorf("%dx%d %s: %s %+v, %v, want %s", c.w, c.h, c.ops, got, p, err, c.want)
		}
	}
	for _, c := range []struct {
		w, h int
		ops  string
	}{
		{9000, 9000, "dpr_1"},                        // 81 megapixels of nothing
		{5000, 4000, "dpr_1"},                        // more than is free
		{10, 10, "1000x,crop_0_0_1_1"},               // as part of 10000x10000
		{10, 10, "16000x1,crop_0_0_10_1"},            // 16000x16000 of which a line remains
		{1, 1, "4097x4096,fit_fill"},                 // more than is free
		{1, 1, "16000x16000,fit_contain,f_jpeg,q_1"}, // more than allowed
	} {
		if p, err := resize.NewPlan(svg(c.w, c.h), parse(t, c.ops), 0, s); !errors.Is(err, header.ErrTooLarge) {
			t.Errorf("%dx%d %s: %+v, %v", c.w, c.h, c.ops, p, err)
		}
	}
}

func TestPlanRound(t *testing.T) {
	t.Parallel()
	for ops, want := range map[string]int{
		"200x100": 0, "200x100,round_8": 8, "200x100,round_8,dpr_2": 16, "200x100,round_50": 50,
		"200x100,round_51": 50, "200x100,round_16383,dpr_8": 200, "200x101,round_9999": 50, "200x100,pad_10,round_99": 60,
		"1x1,round_5": 0,
	} {
		p, err := resize.NewPlan(photo(800, 600), parse(t, ops), 0, resize.Settings{CanWrite: all})
		if err != nil || p.Round != want {
			t.Errorf("%s: %d, %v, want %d", ops, p.Round, err, want)
		}
	}
}

// The plan has the options for the finished picture.
func TestPlanFinish(t *testing.T) {
	t.Parallel()
	s := resize.Settings{CanWrite: all, Watermarks: map[string]string{"logo": "1"}}
	p, err := resize.NewPlan(photo(800, 600), parse(t, "200x,rot_270,flip_hv,wm_logo,bytes_9000"), 0, s)
	if err != nil || p.Rotate != 270 || p.Flip != variant.FlipHV || p.Watermark != "logo" || p.MaxBytes != 9000 {
		t.Errorf("%+v, %v", p, err)
	}
	for ops, simple := range map[string]bool{
		"200x": true, "200x100,g_ne": true, "200x,f_webp,q_4": true, "crop_1_1_9_9": true,
		"200x,rot_90": false, "200x,flip_h": false, "200x,round_1": false, "200x,pad_1": false, "200x,wm_logo": false,
		"200x,bytes_9000": false, "200x,gray": false, "200x,blur_1": false, "200x100,fit_contain": false,
	} {
		p, err := resize.NewPlan(photo(800, 600), parse(t, ops), 0, s)
		if err != nil || p.Simple(photo(800, 600)) != simple {
			t.Errorf("%s: simple %t, %v", ops, !simple, err)
		}
	}
}

func TestPlanEffects(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ops  string
		want resize.Effects
	}{
		{"800x", resize.Effects{}},
		{"201x", resize.Effects{}},
		{"200x", resize.Effects{Restore: true}},
		{"100x100", resize.Effects{Restore: true}},
		{"100x500,fit_fill", resize.Effects{}}, // one side keeps most of its detail
		{"100x,dpr_2", resize.Effects{Restore: true}},
		{"100x,dpr_3", resize.Effects{}},
		{"50x,crop_0_0_200_200", resize.Effects{Restore: true}},
		{"100x,crop_0_0_200_200", resize.Effects{}},
		{"100x,sharp_2", resize.Effects{Sharpen: 2}},
		{"100x,blur_2", resize.Effects{Blur: 2}},
		{"100x,pixel_9", resize.Effects{Pixelate: 9}},
		{"100x,gray", resize.Effects{Restore: true, Gray: true}},
		{
			"600x,pixel_9,blur_2,sharp_1,bright_-5,contrast_6,sat_7,gray",
			resize.Effects{Pixelate: 9, Blur: 2, Sharpen: 1, Brightness: -5, Contrast: 6, Saturation: 7, Gray: true},
		},
	} {
		for _, restore := range []bool{true, false} {
			want := c.want
			want.Restore = want.Restore && restore
			p, err := resize.NewPlan(photo(800, 600), parse(t, c.ops), 0, resize.Settings{Restore: restore})
			if err != nil || p.Effects != want {
				t.Errorf("%s, restore %t: %+v, %v, want %+v", c.ops, restore, p.Effects, err, want)
			}
		}
	}
}
