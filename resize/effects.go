package resize

import (
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

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

// linearSide is the longest side of results that are reduced in linear light. Larger ones would
// gain as much, for several times the CPU.
const linearSide = 640

// isThumbnail reports whether what p leaves of the picture is small, and was larger.
func (p Plan) isThumbnail(h header.Header) bool {
	w, height := h.Upright()
	return !h.Drawn() && max(p.Cut.Width, p.Cut.Height) <= linearSide && (p.ScaledW < w || p.ScaledH < height)
}
