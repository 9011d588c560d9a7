package vips

import (
	"runtime"

	"github.com/h2non/bimg"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/vips/op"
	"github.com/thumbery/thumbery/variant"
)

// throughBimg makes a picture for which bimgCanExpress holds.
func throughBimg(src []byte, h header.Header, p resize.Plan) ([]byte, error) {
	defer op.EnterErrors().Leave()
	out, err := bimg.Resize(src, bimgOptions(h, p))
	// bimg gives libvips a pointer into src and lets go of src: libvips reads it
	// until the end, unseen by Go's garbage collector.
	runtime.KeepAlive(src)
	return out, err
}

// bimgOptions translates a plan. It is a pure function.
func bimgOptions(h header.Header, p resize.Plan) bimg.Options {
	o := bimg.Options{
		Width: p.ScaledW, Height: p.ScaledH,
		// Exactly these sides. With Crop besides, bimg works out its coarse
		// shrinking from the side that shrinks less; without, a fill that
		// squeezes one side would be shrunk too far on the other and blown up
		// again. Force turns the cropping itself off.
		Force: true, Crop: true,
		// Enlarging must not mix black into the edges.
		Extend:       bimg.ExtendCopy,
		NoAutoRotate: true, StripMetadata: true,
		Type: bimg.JPEG, Quality: p.Output.Quality, Interlace: p.Output.Progressive,
	}
	if p.Output.Format == variant.PNG {
		o.Type, o.Compression = bimg.PNG, pngCompression
	}
	if !p.CutsNothing() {
		o.Left, o.Top = p.Cut.Left, p.Cut.Top
		o.AreaWidth, o.AreaHeight = p.Cut.Width, p.Cut.Height
	}
	if h.ICC && !h.Gray {
		o.OutputICC = "srgb" // the name of a profile built into libvips
	}
	return o
}

// byBimg decides which engine makes a picture. bimg gets plain ones right:
// upright photographs without a profile that are scaled, cut and encoded. It does
// not turn, knows no alpha, frames, pages or profiles of grey, passes over damaged
// pixels, and decodes all of a picture before it begins.
func (e *Engine) byBimg(h header.Header, p resize.Plan) bool {
	switch e.config.Choice {
	case engine.Direct:
		return false
	case engine.Bimg:
		return bimgCanExpress(h, p)
	}
	return bimgCanExpress(h, p) && h.Format == variant.JPEG && !h.ICC && !h.Progressive &&
		h.Pixels() <= boundedPixels && !e.config.Lenient && mildShrink(h, p) && !p.Coarse
}

// boundedPixels is half of what libvips decodes into memory. What is larger it decodes into
// a temporary file, which a sandbox forbids.
const boundedPixels = 16 << 20

// bimgCanExpress reports whether bimg's options can express p.
func bimgCanExpress(h header.Header, p resize.Plan) bool {
	read := h.Format == variant.JPEG || h.Format == variant.PNG
	written := p.Output.Format == variant.JPEG || p.Output.Format == variant.PNG && !p.Output.Palette
	return read && written && !h.CMYK && h.Depth <= 8 && p.Simple(h) && !p.Linear && !anisotropic(h, p)
}

// mildShrink reports whether both sides shrink, and by less than two, the least by which
// decoders shrink while they decode: bimg lets them shrink as far as they can, which
// costs quality.
func mildShrink(h header.Header, p resize.Plan) bool {
	x, y := float64(h.Width)/float64(p.ScaledW), float64(h.Height)/float64(p.ScaledH)
	return min(x, y) >= 1 && max(x, y) < 2
}

// anisotropic reports whether one side shrinks far more than the other. bimg shrinks both
// by the same factor and leaves the rest to vips_reduce, which refuses masks of more than
// 2,000 points, that is, factors above 333.
func anisotropic(h header.Header, p resize.Plan) bool {
	x, y := float64(h.Width)/float64(p.ScaledW), float64(h.Height)/float64(p.ScaledH)
	return max(x, y, 1) > 100*max(min(x, y), 1)
}
