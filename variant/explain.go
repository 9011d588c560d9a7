package variant

import (
	"cmp"
	"fmt"
)

// Explain says in words what o asks for, one line an option, after a preset's name.
func (o Ops) Explain() []string {
	lines := o.Variant.Explain()
	if o.Preset == "" {
		return lines
	}
	return append([]string{fmt.Sprintf("preset %s, together: %s", o.Preset, o.Variant)}, lines...)
}

// Explain says in words what v asks for, one line an option, in canonical
// order.
func (v Variant) Explain() []string {
	var lines []string
	if v.Kind != Picture {
		whole := kindWords[v.Kind]
		lines = append(lines, whole+": "+meanings[whole])
	}
	if v.Width > 0 || v.Height > 0 {
		lines = append(lines, sizeString(v)+": "+v.explainSize())
	}
	for i := range options {
		o := &options[i]
		args, ok := o.print(&v)
		if !ok {
			continue
		}
		spelled := o.name
		if args != "" {
			spelled += "_" + args
		}
		lines = append(lines, spelled+": "+cmp.Or(meanings[spelled], o.help))
	}
	if len(lines) == 0 {
		lines = append(lines, nothing+": the picture in its own size, stripped and recompressed")
	}
	return lines
}

// meanings are those of words that do not explain themselves.
var meanings = map[string]string{
	"raw":         "the original's bytes, as they are",
	"info":        "JSON about the original",
	"info_gps":    "JSON about the original, with the place where it was taken",
	"fit_cover":   "fills the box, and cuts the rest",
	"fit_contain": "all of the picture, letterboxed to exactly the box",
	"fit_inside":  "all of the picture, no side longer than the box",
	"fit_outside": "all of the picture, no side shorter than the box",
	"fit_fill":    "exactly the box, distorted",
	"g_center":    "keeps the middle",
	"g_n":         "keeps the top",
	"g_ne":        "keeps the upper right",
	"g_e":         "keeps the right",
	"g_se":        "keeps the lower right",
	"g_s":         "keeps the bottom",
	"g_sw":        "keeps the lower left",
	"g_w":         "keeps the left",
	"g_nw":        "keeps the upper left",
	"g_smart":     "keeps what attracts attention",
	"flip_h":      "mirrored, left and right",
	"flip_v":      "mirrored, top and bottom",
	"flip_hv":     "mirrored both ways",
	"f_auto":      "the best format that the browser accepts",
	"f_jpeg":      "as JPEG",
	"f_png":       "as PNG",
	"f_webp":      "as WebP",
	"f_avif":      "as AVIF",
	"f_gif":       "as GIF",
	"f_jxl":       "as JPEG XL",
}

func (v Variant) explainSize() string {
	switch {
	case v.Height == 0:
		return fmt.Sprintf("%d pixels wide, as high as it comes out", v.Width)
	case v.Width == 0:
		return fmt.Sprintf("%d pixels high, as wide as it comes out", v.Height)
	case v.Fit == FitCover:
		return fmt.Sprintf("fills %d by %d pixels, what hangs over is cut", v.Width, v.Height)
	default:
		return fmt.Sprintf("a box of %d by %d pixels", v.Width, v.Height)
	}
}
