package resize

import (
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/internal/source"
	"github.com/thumbery/thumbery/variant"
)

// outputs decides how p is encoded, and for FormatAuto the plain encoding that it is
// compared with. Animations are not compared: a GIF would be larger, and take longer
// than everything else.
func (s Settings) outputs(h header.Header, v variant.Variant, a variant.Accept, p Plan, n *Notes) (first, compared Output, err error) {
	pixels := p.Pixels()
	f := s.format(h, v, a, pixels, n)
	if err := s.checkOutput(f, v, p); err != nil {
		return Output{}, Output{}, err
	}
	first = s.output(h, v, a, f, pixels, n)
	other, _ := plain(h, v)
	if v.Format == variant.FormatAuto && p.Frames == 1 && other != f && s.canWrite(other) {
		compared = s.output(h, v, a, other, pixels, &Notes{})
	}
	return first, compared, nil
}

// checkOutput refuses what f cannot encode at all, or not in reasonable time.
// Animations have a limit of their own, unless they are lossless.
func (s Settings) checkOutput(f variant.Format, v variant.Variant, p Plan) error {
	switch {
	case !s.canWrite(f):
		return &UnsupportedError{Option: "f_" + f.String()}
	case v.Lossless && (f == variant.JPEG || f == variant.GIF):
		return &variant.Error{
			Kind: variant.ErrOptions, Option: "lossless",
			Reason: "the result would be a " + f.String() + ", which cannot be lossless", Suggestion: "lossless,f_webp",
		}
	case (p.Frames == 1 || v.Lossless) && !affordable(f, v.Lossless, p.Pixels()):
		return source.TooLarge("the result would have %d pixels, the limit for this format is %d", p.Pixels(), SlowPixels)
	}
	return nil
}

// output returns how to encode a result of that many pixels as f.
func (s Settings) output(h header.Header, v variant.Variant, a variant.Accept, f variant.Format, pixels int64, n *Notes) Output {
	o := Output{
		Format: f, Quality: s.quality(f), Lossless: v.Lossless,
		Progressive: v.Progressive && f == variant.JPEG,
		Palette:     f == variant.PNG && fewColours(h, v) && pixels <= SlowPixels,
	}
	n.Quality = QualityOfServer
	if v.Quality > 0 {
		o.Quality, n.Quality = v.Quality, QualityOfURL
	}
	if a&variant.SaveData != 0 && v.Format == variant.FormatAuto {
		o.Quality, n.SaveData = max(1, o.Quality*saveDataPercent/100), true
	}
	if f == variant.PNG || f == variant.GIF || o.Lossless {
		n.Quality = QualityUndefined
	}
	return o
}

// saveDataPercent is what remains of the quality for a client that asks to save
// data. A photograph so has about 70% of the bytes, too.
const saveDataPercent = 70

// fewColours reports whether the result needs no more than a palette: the source has
// one, and there is no watermark.
func fewColours(h header.Header, v variant.Variant) bool {
	return (h.Palette || h.Format == variant.GIF) && !v.Lossless && v.Watermark == ""
}

// frames decides whether an animation stays one, and which page is made.
func (s Settings) frames(h header.Header, v variant.Variant, a variant.Accept) (page, frames int) {
	if moving(h, v) && animates(s.format(h, v, a, 0, &Notes{})) {
		return 0, h.Pages
	}
	return max(v.Page-1, 0), 1
}

// moving reports whether the source is an animation, and all of it is asked for.
func moving(h header.Header, v variant.Variant) bool {
	return h.Pages > 1 && animates(h.Format) && !v.Still && v.Page == 0
}

// animates reports whether we read and write several frames in a format.
func animates(f variant.Format) bool { return f == variant.GIF || f == variant.WebP }
