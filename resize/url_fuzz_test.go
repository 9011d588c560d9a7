package resize_test

import (
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// FuzzPlanOfURL holds what is planned for any URL, of any sort of picture, to what
// Plan says of itself.
func FuzzPlanOfURL(f *testing.F) {
	f.Add("300x200,pad_9,rot_90,round_5,bg_00000080,f_auto", 800, 600, uint8(variant.PNG), uint8(1), uint8(0b11), uint8(15))
	f.Add("f_gif,page_2", 10, 10, uint8(variant.TIFF), uint8(3), uint8(0), uint8(0))
	f.Add("600x,up_1,lossless,f_auto,still", 300, 9999, uint8(variant.GIF), uint8(9), uint8(1), uint8(3))
	f.Add("16000x16000,fit_contain,dpr_8,trim,blur_3", 16, 16, uint8(variant.SVG), uint8(1), uint8(1), uint8(2))
	f.Fuzz(func(t *testing.T, ops string, w, h int, format, pages, flags, accept uint8) {
		v, err := variant.Parse(ops)
		if err != nil || v.Kind != variant.Picture {
			return
		}
		head := photo(bound(w, 1, header.SourceSideMax), bound(h, 1, header.SourceSideMax))
		head.Format = variant.Format(bound(int(format), int(variant.JPEG), int(variant.PDF)))
		head.Pages = max(1, int(pages))
		head.Alpha, head.Palette = flags&1 != 0, flags&2 != 0
		head.Orientation = 1 + int(flags>>2&7)
		s := resize.Settings{CanWrite: all, MaxFrames: 100, MaxPixels: 100_000_000, Restore: flags&32 != 0}
		p, err := resize.NewPlan(head, v, variant.Accept(accept%variant.Accepts), s)
		if err == nil {
			checkWish(t, head, v, p)
		} else if p != (resize.Plan{}) {
			t.Errorf("%v, and %+v", err, p)
		}
	})
}

func checkWish(t *testing.T, h header.Header, v variant.Variant, p resize.Plan) {
	t.Helper()
	w, height := p.Size()
	canHaveAlpha := func(o resize.Output) bool { return o.Format != variant.JPEG }
	for what, wrong := range map[string]bool{
		"too large":                        max(w, height) > variant.MaxSide || min(w, height) < 1,
		"pages that are not there":         p.Page < 0 || p.Frames < 1 || p.Page+p.Frames > h.Pages,
		"frames in a format without":       p.Frames > 1 && p.Output.Format != variant.GIF && p.Output.Format != variant.WebP,
		"frames though one was asked for":  p.Frames > 1 && (v.Still || v.Page > 0),
		"corners that meet":                p.Round < 0 || 2*p.Round > min(w, height),
		"alpha in a JPEG":                  p.Output.Format == variant.JPEG && !p.Flattened(),
		"alpha in the plain JPEG":          p.Plain.Format == variant.JPEG && !p.Flattened(),
		"compared with itself":             p.Plain.Format == p.Output.Format,
		"compared, and not f_auto":         p.Plain.Format != 0 && v.Format != variant.FormatAuto,
		"another format than asked for":    v.Format > variant.FormatAuto && p.Output.Format != v.Format,
		"a quality that is none":           p.Output.Quality < 1 || p.Output.Quality > 100,
		"a colour that was not asked for":  !p.Flattened() && p.Background.A > 0 && p.Background != v.Background,
		"flattened, and nobody asked":      p.Flattened() && h.Alpha && !v.Background.Set && canHaveAlpha(p.Output),
		"lossless JPEG or GIF":             v.Lossless && (p.Output.Format == variant.JPEG || p.Output.Format == variant.GIF),
		"a drawing that was reduced":       p.Effects.Restore && h.Drawn(),
		"two sharpnesses":                  p.Effects.Restore && p.Effects.Sharpen > 0,
		"weighs nothing":                   p.Cost(h) < 1,
		"more pixels than there are to be": p.Pixels() > 100_000_000,
		"effects that make it simple":      p.Simple(h) && p.Effects != resize.Effects{},
	} {
		if wrong {
			t.Errorf("%s: %+v of %+v", what, p, h)
		}
	}
	if resize.NeedsLook(v) {
		return
	}
	if again, err := resize.NewPlan(h, resize.ResolveLook(h, v, resize.Rect{}, 0.5, 0.5), 0, resize.Settings{CanWrite: all}); err != nil || geometry(again) != geometry(p) {
		t.Errorf("what needs no look is changed by one: %s, %v, and was %s", geometry(again), err, geometry(p))
	}
}
