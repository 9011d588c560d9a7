package resize

import (
	"fmt"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// A mezzanine is a smaller copy of a large original, upright, in sRGB and of high
// quality, from which derivatives are made at a fraction of the cost. A Plan is in
// coordinates of the scaled upright picture, so that a plan for the original can be
// carried out on its mezzanine without change.

// The defaults of Settings.MezzanineSide and MezzanineOver.
const (
	DefaultMezzanineSide = 2048
	DefaultMezzanineOver = 4_000_000
)

// mezzanineQuality of a JPEG is the lowest for which the encoder keeps whole
// colour planes (4:4:4), which matters more than the quality itself: they are
// halved once only, in the derivative.
const mezzanineQuality = 90

// mezzanineEffort is how hard the encoder of lossless WebP tries, 0 to 100: no
// pixel changes by it. See docs/benchmarks.md.
const mezzanineEffort = 20

// mezzanineVersion is raised when the way in which mezzanines are made changes.
const mezzanineVersion = 1

// Mezzanine is the plan that makes the mezzanine of a picture with header h; ok
// is false where it has none: because s.MezzanineSide is 0; because it is not
// larger than s.MezzanineOver pixels, or so little larger than its mezzanine that
// it would not pay; because it is drawn, or has several pages or frames, or few
// colours, which a JPEG would blur; and because it could not be decoded or written.
//
// The longest side becomes s.MezzanineSide, or where the original is a JPEG whose half,
// quarter or eighth is 15/16 to 9/8 of that, just what is left of its sides then. It is
// a baseline JPEG of quality 90, with whole colour planes, or where there is alpha a
// lossless WebP. Nothing is sharpened: that is for what is made of it, which is to be
// at most half as large, so that the plan is Coarse.
func (s Settings) Mezzanine(h header.Header) (p Plan, ok bool) {
	p, why := s.PlanMezzanine(h)
	return p, why == ""
}

// PlanMezzanine is Mezzanine, and says why a picture has none; "" if it has one.
func (s Settings) PlanMezzanine(h header.Header) (p Plan, why string) {
	if why := s.refusesMezzanine(h); why != "" {
		return Plan{}, why
	}
	p = Plan{Frames: 1, Coarse: true}
	p.ScaledW, p.ScaledH = s.mezzanineSize(h)
	p.Cut = Rect{Width: p.ScaledW, Height: p.ScaledH}
	p.CanvasW, p.CanvasH = p.ScaledW, p.ScaledH
	p.Output = Output{Format: variant.JPEG, Quality: mezzanineQuality}
	if h.Alpha {
		p.Output = Output{Format: variant.WebP, Quality: mezzanineEffort, Lossless: true}
	}
	p.Background = chooseBackground(h, variant.Variant{}, p.Output.Format)
	switch {
	case !s.canWrite(p.Output.Format), !affordable(p.Output.Format, p.Output.Lossless, p.Pixels()), p.check(h, s) != nil:
		return p, "it could not be written"
	case !worthwhile(h, p):
		return p, "the original is not so much larger than its mezzanine that it would pay"
	}
	return p, ""
}

// refusesMezzanine says why a picture has no mezzanine, whatever its size; "" for nothing.
func (s Settings) refusesMezzanine(h header.Header) string {
	switch {
	case s.MezzanineSide <= 0:
		return "this server keeps no mezzanines (--mezzanine 0)"
	case h.Pixels() <= s.MezzanineOver:
		return fmt.Sprintf("the original has %d pixels, and only those of more than %d get one (--mezzanine-over)", h.Pixels(), s.MezzanineOver)
	case max(h.Width, h.Height) <= s.MezzanineSide:
		return fmt.Sprintf("no side of the original is longer than that of a mezzanine, %d", s.MezzanineSide)
	case h.Drawn():
		return "the original is a drawing, which can be rendered at any size"
	case h.Pages > 1:
		return "the original has several frames or pages"
	case h.Palette, h.Format == variant.GIF:
		return "the original has few colours, which a JPEG would blur"
	case h.Check() != nil, s.exceeds(h.DecodePixels()):
		return "the original is larger than this server decodes"
	}
	return ""
}

// mezzanineSize returns the upright sides of the mezzanine. JPEG decoders halve at no
// cost: where that gives about the configured side, nothing has to be resampled, which would
// take as long as all other steps together.
func (s Settings) mezzanineSize(h header.Header) (width, height int) {
	w, y := h.Upright()
	for shrink := 2; shrink <= min(8, w, y) && h.Format == variant.JPEG; shrink *= 2 {
		if s.isAboutMezzanine(max(w, y) / shrink) {
			return w / shrink, y / shrink // libvips rounds down what is left
		}
	}
	scale := ratio{s.MezzanineSide, max(w, y)}
	return scale.times(w), scale.times(y)
}

// isAboutMezzanine accepts 1920 to 2304 for a side of 2048, so that results 960 wide can
// still be made from it, and it has at most 1.27 times the pixels. Photographs of 8 to 16
// megapixels are mostly 3840 to 4608 wide, half of which is in that range.
func (s Settings) isAboutMezzanine(side int) bool {
	return 16*side >= 15*s.MezzanineSide && 8*side <= 9*s.MezzanineSide && side <= variant.MaxSide
}

// worthwhile reports whether the mezzanine of p pays for itself within one page of eight
// small pictures, 320 to 800 wide as JPEG and WebP, the first of which is made from the
// original. Later requests gain, also because they do not need S3. Baseline
// JPEGs shrink while they are decoded: without a mezzanine such a page took 0.78 to
// 1.02 times as long with up to 2.9 times its pixels, 0.84 to 1.11 with 3.1 to 3.4, and
// 1.01 to 1.7 with 3.5 and more. Progressive ones, of which only the scans are decoded that
// each picture needs, took 0.95 to 1.08 times as long with 1.5 to 1.85 times the pixels,
// and 1.01 to 1.9 with 2 and more. What is no JPEG is dear to decode. See
// docs/benchmarks.md.
func worthwhile(h header.Header, p Plan) bool {
	switch {
	case h.Format != variant.JPEG:
		return 2*h.Pixels() >= 3*p.Pixels()
	case h.Progressive:
		return 4*h.Pixels() >= 7*p.Pixels()
	}
	return h.Pixels() >= 3*p.Pixels()
}

// MezzanineSuffices reports whether p may be carried out on a mezzanine whose body has
// header m, instead of the original: the body is at least twice as large as what p
// scales to in both directions, up to a pixel of rounding, and p is for the only page.
// Lossless results (PNG too) are not made from a lossy mezzanine: they would spend
// bytes on its artefacts.
func MezzanineSuffices(m header.Header, p Plan) bool { return WhyMezzanineFails(m, p) == "" }

// WhyMezzanineFails says why MezzanineSuffices does not hold; "" if it does.
func WhyMezzanineFails(m header.Header, p Plan) string {
	lossless := func(o Output) bool { return o.Lossless || o.Format == variant.PNG || o.Format == variant.GIF }
	switch {
	case m.Format == variant.JPEG && (lossless(p.Output) || lossless(p.Plain)):
		return "the result may be lossless, and would spend bytes on the artefacts of a JPEG"
	case p.Page != 0 || p.Frames != 1:
		return "the result is of another page, or an animation"
	case m.Width+1 < 2*p.ScaledW || m.Height+1 < 2*p.ScaledH:
		return fmt.Sprintf("it has %s pixels, and twice the size is needed to which the picture is scaled, %s", sides(m.Width, m.Height), sides(p.ScaledW, p.ScaledH))
	}
	return ""
}

// MezzanineRecipe identifies the settings that decide the bytes of mezzanines. It is part
// of their names on disk, with Resizer.Recipe.
func (s Settings) MezzanineRecipe() string {
	return fmt.Sprintf("mezzanine %d.%d", mezzanineVersion, s.MezzanineSide)
}

// mezzanineRecipe is what the settings add to a recipe of derivatives. It is nothing where there
// are no mezzanines, so that switching them off gives the names of before.
func (s Settings) mezzanineRecipe() string {
	if s.MezzanineSide <= 0 {
		return ""
	}
	return fmt.Sprintf("m%d.%d.%d", mezzanineVersion, s.MezzanineSide, s.MezzanineOver)
}
