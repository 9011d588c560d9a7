package variant

import (
	"errors"
	"strings"
	"testing"
)

func TestParseSpellings(t *testing.T) {
	t.Parallel()
	tests := []struct{ ops, canonical string }{
		{"300x200", "300x200"},
		{"300x", "300x"},
		{"x200", "x200"},
		{"w_300", "300x"},
		{"h_200,w_300", "300x200"},
		{"w_300,x200", "300x200"},
		{"0300x0200", "300x200"},
		{"300x200,dpr_2", "300x200,dpr_2"},
		{"dpr_2.0,300x200", "300x200,dpr_2"},
		{"300x200,dpr_1", "300x200"},
		{"dpr_1", "dpr_1"},
		{"dpr_3", "dpr_1"},
		{"up_1", "dpr_1"},
		{"up_0,300x", "300x"},
		{"300x,up_1", "300x,up_1"},
		{"300x200,fit_cover", "300x200"},
		{"300x200,fit_contain", "300x200,fit_contain"},
		{"300x,fit_contain", "300x"},
		{"300x200,g_center", "300x200"},
		{"g_ne,300x200", "300x200,g_ne"},
		{"300x,g_ne", "300x"},
		{"300x200,fit_inside,g_ne", "300x200,fit_inside"},
		{"300x200,fit_contain,g_n", "300x200,fit_contain,g_n"},
		{"300x200,fp_.50_0.20", "300x200,fp_0.5_0.2"},
		{"300x200,fp_0.5_0.5", "300x200"},
		{"300x200,fp_0.5_0.5,crop_0_0_10_10", "300x200,fp_0.5_0.5,crop_0_0_10_10"},
		{"300x200,fp_0.00001_1", "300x200,fp_0_1"},
		{"crop_10p_0_50.5p_100", "crop_10p_0_50.5p_100"},
		{"crop_0_0p_100p_100p", "dpr_1"},
		{"page_1", "still"},
		{"page_2,still", "page_2"},
		{"300x200,g_smart", "300x200,g_smart"},
		{"300x200,fit_contain,g_smart", "300x200,fit_contain"},
		{"300x,g_smart", "300x"},
		{"progressive", "progressive"},
		{"progressive,f_jpeg", "f_jpeg,progressive"},
		{"progressive,f_auto", "f_auto,progressive"},
		{"progressive,f_webp", "f_webp"},
		{"wm_logo,gray,rot_90,pad_5,blur_2,pixel_9,flip_h,round_4,bg_000000,sharp_1", "pixel_9,blur_2,sharp_1,gray,pad_5,bg_000000,rot_90,flip_h,round_4,wm_logo"},
		{"trim", "trim_10"},
		{"trim_10", "trim_10"},
		{"bg_ff0000ff", "bg_ff0000"},
		{"bg_00000000", "bg_00000000"},
		{"rot_0", "dpr_1"},
		{"rot_90,flip_hv", "rot_90,flip_hv"},
		{"bright_0", "dpr_1"},
		{"bright_-20,contrast_5,sat_-100", "bright_-20,contrast_5,sat_-100"},
		{"pad_5,dpr_2", "dpr_2,pad_5"},
		{"still,lossless,gray", "gray,lossless,still"},
		{"f_webp,q_80,300x", "300x,f_webp,q_80"},
		{"dl,raw", "raw,dl"},
		{"raw", "raw"},
		{"info,v_a_b", "info,v_a_b"},
		{"dl,info_gps", "info_gps,dl"},
		{"dl_my_cat.jpg,300x", "300x,dl_my_cat.jpg"},
		{"wm_my_logo", "wm_my_logo"},
		{"round_8,blur_1.5,sharp_1,pixel_9,bytes_9000,page_3,v_x,x10", "x10,pixel_9,blur_1.5,sharp_1,round_8,bytes_9000,page_3,v_x"},
	}
	for _, tt := range tests {
		v, err := Parse(tt.ops)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.ops, err)
			continue
		}
		if got := v.String(); got != tt.canonical {
			t.Errorf("Parse(%q).String() = %q, want %q", tt.ops, got, tt.canonical)
		}
		if again, err := Parse(tt.canonical); err != nil || again != v {
			t.Errorf("Parse(%q) = %+v, %v, want what %q gives: %+v", tt.canonical, again, err, tt.ops, v)
		}
	}
}

func TestParseValues(t *testing.T) {
	t.Parallel()
	got, err := Parse("300x200,dpr_1.5,fit_contain,g_se,crop_1_2_30p_40,bg_01020304,f_avif,q_7,up_1")
	want := Variant{
		Width: 300, Height: 200, DPR: 1.5, Enlarge: true, Fit: FitContain, Gravity: GravitySE,
		Crop:       Crop{Length{1, false}, Length{2, false}, Length{30, true}, Length{40, false}},
		Background: Color{1, 2, 3, 4, true}, Format: AVIF, Quality: 7,
	}
	if err != nil || got != want {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	if w, h := got.Box(); w != 450 || h != 300 {
		t.Errorf("Box() = %d, %d, want 450, 300", w, h)
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ ops, option, reason, suggestion string }{
		{"", "", "empty", "300x200"},
		{"300x200,", "", "empty", "300x200"},
		{"300", "300", "unknown", "300x"},
		{"x", "x", "unknown", ""},
		{"0x200", "0x200", "from 1 to 16383", ""},
		{"300x99999", "300x99999", "from 1 to 16383", ""},
		{"300x200,300x", "300x", "twice", ""},
		{"300x200,w_300", "w_300", "twice", ""},
		{"q_80,q_80", "q_80", "twice", ""},
		{"300x200,g_ne,fp_0_0", "fp_0_0", "twice", ""},
		{"raw,info", "info", "twice", ""},
		{"raw,300x", "raw", "no other options", ""},
		{"info_gps,info", "info", "twice", ""},
		{"info_gps,300x", "info_gps", "no other options", ""},
		{"info_gp", "info_gp", "unknown", "info_gps"},
		{"info_x", "info_x", "unknown", ""},
		{"inof", "inof", "unknown", ""},
		{"rwa", "rwa", "unknown", ""},
		{"blurr_3", "blurr_3", "unknown", "blur_3"},
		{"blurr_x", "blurr_x", "unknown", "blur_3"},
		{"grey", "grey", "unknown", "gray"},
		{"sepia", "sepia", "unknown", ""},
		{"300x200,fit_cver", "fit_cver", "is not one of cover", "fit_cover"},
		{"fit_", "fit_", "no value", "fit_contain"},
		{"f_jpg", "f_jpg", "is not one of auto, jpeg", "f_jpeg"},
		{"f_keep", "f_keep", "is not one of", ""},
		{"w:300", "w:300", "character ':'", "w_300"},
		{"300X200", "300X200", "character 'X'", "300x200"},
		{"bg_FFF", "bg_FFF", "character 'F'", ""},
		{"bg_fff", "bg_fff", "RRGGBB", ""},
		{"q_0", "q_0", "from 1 to 100", ""},
		{"q_+5", "q_+5", "character", ""},
		{"q_101", "q_101", "from 1 to 100", ""},
		{"q", "q", "from 1 to 100", ""},
		{"gray_1", "gray_1", "no value", ""},
		{"dpr_nan", "dpr_nan", "from 0.1 to 8", ""},
		{"dpr_1e3", "dpr_1e3", "from 0.1 to 8", ""},
		{"dpr_1.2.3", "dpr_1.2.3", "from 0.1 to 8", ""},
		{"10000x,dpr_2", "dpr_2", "20000x0", ""},
		{"fp_0.5", "fp_0.5", "two numbers", ""},
		{"fp_2_0", "fp_2_0", "two numbers", ""},
		{"crop_1_2_3", "crop_1_2_3", "four lengths", ""},
		{"crop_1_2_0_4", "crop_1_2_0_4", "wider", ""},
		{"crop_1_2_101p_4", "crop_1_2_101p_4", "from 0 to 100", ""},
		{"rot_45", "rot_45", "90, 180 or 270", ""},
		{"up_2", "up_2", "0 or 1", ""},
		{"wm", "wm", "needs a value", ""},
		{"dl_..", "dl_..", "file name", ""},
		{strings.Repeat("q_1,", 200), "", "the limit is 512", ""},
	}
	for _, tt := range tests {
		v, err := Parse(tt.ops)
		e, ok := errors.AsType[*Error](err)
		if !ok || !errors.Is(err, ErrOptions) {
			t.Errorf("Parse(%q) = %+v, %v, want an *Error of kind ErrOptions", tt.ops, v, err)
			continue
		}
		if e.Option != tt.option || !strings.Contains(e.Reason, tt.reason) || e.Suggestion != tt.suggestion {
			t.Errorf("Parse(%q) = option %q, reason %q, suggestion %q\nwant %q, …%q…, %q",
				tt.ops, e.Option, e.Reason, e.Suggestion, tt.option, tt.reason, tt.suggestion)
		}
	}
}

// Every option's usage in the table must be what the parser takes.
func TestOptionsUsage(t *testing.T) {
	t.Parallel()
	for _, o := range Options() {
		v, err := Parse(o.Usage)
		if err != nil {
			t.Errorf("the usage of %s: %v", o.Name, err)
		}
		if o.Name != "up" && o.Name != "dpr" && o.Name != "fit" && o.Name != "g" && o.Name != "fp" && v == (Variant{}) {
			t.Errorf("the usage %q sets nothing", o.Usage)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, o := range Options() {
		f.Add("300x200," + o.Usage)
	}
	f.Add("raw,dl_x,v_1")
	f.Add("crop_10p_0_50.5p_100,fp_0.5_0.5,100x100,fit_contain,bg_00000000")
	f.Fuzz(func(t *testing.T, ops string) {
		v, err := Parse(ops)
		if err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || e.Reason == "" {
				t.Fatalf("Parse(%q): %#v is no *Error with a reason", ops, err)
			}
			return
		}
		s := v.String()
		again, err := Parse(s)
		if err != nil || again != v {
			t.Fatalf("Parse(%q) = %+v, but Parse(%q) = %+v, %v", ops, v, s, again, err)
		}
		if strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789._-,") != "" {
			t.Fatalf("String() = %q has characters that a proxy may rewrite", s)
		}
	})
}

func TestExplain(t *testing.T) {
	t.Parallel()
	for ops, want := range map[string]string{
		"300x200,gray": "300x200: fills 300 by 200 pixels, what hangs over is cut\ngray: without colour",
		"raw":          "raw: the original's bytes, as they are",
		"dpr_1":        "dpr_1: the picture in its own size, stripped and recompressed",
	} {
		v, err := Parse(ops)
		if got := strings.Join(v.Explain(), "\n"); err != nil || got != want {
			t.Errorf("Explain of %q = %q, %v, want %q", ops, got, err, want)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := Parse("300x200,fp_0.5_0.2,f_auto"); err != nil {
			b.Fatal(err)
		}
	}
}
