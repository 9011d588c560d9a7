package resize

import (
	"slices"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// outputs decides how p is encoded, and for FormatAuto the plain encoding that it is
// compared with. Animations are not compared: a GIF would be larger, and take longer
// than everything else.
func (s Settings) outputs(h header.Header, v variant.Variant, a variant.Accept, p Plan) (first, compared Output, err error) {
	pixels := p.Pixels()
	f := s.format(h, v, a, pixels)
	if err := s.checkOutput(f, v, p); err != nil {
		return Output{}, Output{}, err
	}
	first = s.output(h, v, a, f, pixels)
	other := plain(h, v)
	if v.Format == variant.FormatAuto && p.Frames == 1 && other != f && s.canWrite(other) {
		compared = s.output(h, v, a, other, pixels)
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
		return tooLarge("the result would have %d pixels, the limit for this format is %d", p.Pixels(), SlowPixels)
	}
	return nil
}

// output returns how to encode a result of that many pixels as f.
func (s Settings) output(h header.Header, v variant.Variant, a variant.Accept, f variant.Format, pixels int64) Output {
	o := Output{
		Format: f, Quality: s.quality(f), Lossless: v.Lossless,
		Progressive: v.Progressive && f == variant.JPEG,
		Palette:     f == variant.PNG && fewColours(h, v) && pixels <= SlowPixels,
	}
	if v.Quality > 0 {
		o.Quality = v.Quality
	}
	if a&variant.SaveData != 0 && v.Format == variant.FormatAuto {
		o.Quality = max(1, o.Quality*saveDataPercent/100)
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
	if moving(h, v) && animates(s.format(h, v, a, 0)) {
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

// format decides the encoding of a result of that many pixels.
func (s Settings) format(h header.Header, v variant.Variant, a variant.Accept, pixels int64) variant.Format {
	switch v.Format {
	case variant.FormatKeep:
		return s.keep(h, v, pixels)
	case variant.FormatAuto:
		return s.auto(h, v, a, pixels)
	}
	return v.Format
}

// keep is the original's format, or the closest that can be written at this size in
// reasonable time.
func (s Settings) keep(h header.Header, v variant.Variant, pixels int64) variant.Format {
	if s.canWrite(h.Format) && (moving(h, v) || affordable(h.Format, v.Lossless, pixels)) {
		return h.Format
	}
	return plain(h, v)
}

// auto is the best format that the client accepts and that is not too slow. An
// animation stays an animation, in WebP or GIF.
func (s Settings) auto(h header.Header, v variant.Variant, a variant.Accept, pixels int64) variant.Format {
	a, moves := s.NormalizeAccept(a), moving(h, v)
	avif := a&variant.AcceptAVIF != 0 && !moves &&
		pixels <= s.avifPixels() && affordable(variant.AVIF, v.Lossless, pixels)
	webp := a&variant.AcceptWebP != 0 && (moves || affordable(variant.WebP, v.Lossless, pixels))
	switch {
	case avif && !(webp && a&variant.PreferWebP != 0):
		return variant.AVIF
	case webp:
		return variant.WebP
	case moves && !v.Lossless && s.canWrite(variant.GIF):
		return variant.GIF
	}
	return plain(h, v)
}

// NormalizeAccept reduces a to what FormatAuto may choose here, so that clients that get
// the same picture share it in the cache.
func (s Settings) NormalizeAccept(a variant.Accept) variant.Accept {
	if !s.mayChoose(variant.WebP) {
		a &^= variant.AcceptWebP
	}
	if !s.mayChoose(variant.AVIF) {
		a &^= variant.AcceptAVIF
	}
	const both = variant.AcceptWebP | variant.AcceptAVIF
	if a&both != both {
		a &^= variant.PreferWebP
	}
	return a
}

// plain is a format that every client reads: PNG for alpha, for lossless, and for
// sources with few colours, otherwise JPEG.
func plain(h header.Header, v variant.Variant) variant.Format {
	few := h.Format == variant.SVG || h.Format == variant.PNG && h.Palette
	if transparent(h, v) || v.Lossless || few {
		return variant.PNG
	}
	return variant.JPEG
}

func (s Settings) canWrite(f variant.Format) bool {
	writable := f >= variant.JPEG && f <= variant.GIF
	if s.CanWrite == nil {
		return f == variant.JPEG || f == variant.PNG
	}
	return writable && s.CanWrite(f)
}

// SlowPixels is the largest result for the encoders that take longest: AVIF, GIF
// and what is lossless besides PNG. On noise they take a second of CPU a
// megapixel, on photographs a quarter. 8 Mi holds a screen of 3840x2160.
const SlowPixels = 8 << 20

// affordable reports whether a result of that many pixels may be encoded as f.
func affordable(f variant.Format, lossless bool, pixels int64) bool {
	slow := f == variant.AVIF || f == variant.GIF || lossless && f != variant.PNG
	return !slow || pixels <= SlowPixels
}

// mayChoose reports whether FormatAuto may choose f.
func (s Settings) mayChoose(f variant.Format) bool {
	modern := f == variant.WebP || f == variant.AVIF
	return modern && s.canWrite(f) && (s.Auto == nil || slices.Contains(s.Auto, f))
}

// Effects change the pixels of a picture after it was scaled and
// cut, in the order of the fields, which is that of the canonical spelling, and
// before it is laid on its canvas, whose colour they leave alone. Alpha is blurred
// and pixelated as colours are, and left alone by the others.
type Effects struct {
	// Restore is the mild sharpening after a strong reduction.
	Restore    bool
	Pixelate   int     // side of a block in pixels, 2 or more; 0 for none
	Blur       float64 // sigma in pixels, 0 for none
	Sharpen    float64 // sigma in pixels, 0 for none
	Brightness int     // -100..100
	Contrast   int     // -100..100
	Saturation int     // -100..100
	Gray       bool
}

// chooseEffects leaves Restore out if v asks for another sharpness.
func chooseEffects(v variant.Variant, restore bool) Effects {
	return Effects{
		Restore:  restore && v.Sharpen == 0 && v.Blur == 0 && v.Pixelate == 0,
		Pixelate: v.Pixelate, Blur: v.Blur, Sharpen: v.Sharpen,
		Brightness: v.Brightness, Contrast: v.Contrast, Saturation: v.Saturation, Gray: v.Gray,
	}
}

// Effects.Restore is for pictures of which both sides shrink at least
// restoreFrom times, and results of at most restorePixels. Measured against a
// Lanczos filter in linear light, it gains where decoders have averaged much, and
// costs nothing to speak of where the result is small: see docs/benchmarks.md.
const (
	restoreFrom   = 4
	restorePixels = 512 * 512
)

// reduced reports whether the picture shrinks strongly on both sides. A drawing
// is made as sharp as it can be.
func (p Plan) reduced(h header.Header) bool {
	w, height := h.Upright()
	return !h.Drawn() && !h.Alpha && w >= restoreFrom*p.ScaledW && height >= restoreFrom*p.ScaledH &&
		p.Cut.Width*p.Cut.Height <= restorePixels
}
