package hostile

import (
	"math/rand/v2"
	"strings"

	"github.com/thumbery/thumbery/variant"
)

// pools are options of which at most one of each may stand in a URL. Results stay
// small, as it is files that are tried.
var pools = [][]string{
	{"300x200", "64x", "x50", "1x1", "20x20", "500x3", "200x200", "w_7"},
	{"fit_cover", "fit_contain", "fit_inside", "fit_outside", "fit_fill"},
	{"f_jpeg", "f_png", "f_webp", "f_gif", "f_auto", "f_jpeg", "f_png", "f_webp", "f_avif", "f_jxl"},
	{"g_n", "g_se", "g_smart", "fp_0.3_0.9"},
	{"crop_0_0_1_1", "crop_10p_0_50p_50p", "crop_5_5_20_20", "trim", "trim_99"},
	{"still", "page_1", "page_2", "page_3"},
	{"blur_3", "sharp_2", "pixel_4", "gray"},
	{"bright_-30", "contrast_40", "sat_-100"},
	{"pad_5", "pad_40"},
	{"bg_ff880080", "bg_00ff00"},
	{"rot_90", "rot_180", "flip_hv"},
	{"round_9999", "round_3"},
	{"q_1", "q_100", "lossless", "bytes_900"},
	{"up_1", "dpr_2", "progressive"},
}

// options are some at random that go together.
func options(r *rand.Rand) string {
	switch r.IntN(20) {
	case 0:
		return "info"
	case 1:
		return "info_gps"
	}
	for {
		var some []string
		for i, pool := range pools {
			if i == 0 || r.IntN(5) == 0 {
				some = append(some, pool[r.IntN(len(pool))])
			}
		}
		ops := strings.Join(some, ",")
		if _, err := variant.Parse(ops); err == nil {
			return ops
		}
	}
}
