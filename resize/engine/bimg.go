package engine

import (
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// WhyNotBimg decides which of the two ways to call libvips makes a picture: bimg if it
// returns "", and else our own calls, for the reason that it returns. bimg gets plain pictures
// right: upright photographs without a profile that are scaled, cut and encoded. It does not
// turn, knows no alpha, frames, pages or profiles of grey, passes over damaged pixels, and
// decodes all of a picture before it begins.
func (c Config) WhyNotBimg(h header.Header, p resize.Plan) string {
	switch {
	case c.Choice == Direct:
		return "--engine vips uses no other"
	case !bimgReads(h):
		return "bimg does not get this kind of original right"
	case !bimgWrites(p.Output):
		return "bimg is for JPEG and PNG without a palette"
	case !p.Simple(h) || p.Linear:
		return "bimg only scales, cuts and encodes once, and the plan says more"
	case c.Choice == Bimg:
		return ""
	case h.Format != variant.JPEG || h.ICC:
		return "the original is no JPEG, or has a colour profile"
	case h.Progressive:
		return "the original is a progressive JPEG, of which bimg would decode all scans"
	case h.Pixels() > boundedPixels:
		return "the original is so large that bimg would decode it into a temporary file"
	case c.Lenient:
		return "broken originals are to be served as far as they can be read (--on-broken serve)"
	case !mildShrink(h, p):
		return "the picture is not reduced by a factor from 1 to 2: bimg would let the decoder shrink it further than is good for it"
	case p.Coarse:
		return "a mezzanine is made by faster methods"
	}
	return ""
}

// boundedPixels is half of what libvips decodes into memory. What is larger it decodes into
// a temporary file, which a sandbox forbids.
const boundedPixels = 16 << 20

func bimgReads(h header.Header) bool {
	return (h.Format == variant.JPEG || h.Format == variant.PNG) && !h.CMYK && h.Depth <= 8
}

func bimgWrites(o resize.Output) bool {
	return o.Format == variant.JPEG || o.Format == variant.PNG && !o.Palette
}

// mildShrink reports whether both sides shrink, and by less than two, the least by which
// decoders shrink while they decode: bimg lets them shrink as far as they can, which
// costs quality.
func mildShrink(h header.Header, p resize.Plan) bool {
	x, y := float64(h.Width)/float64(p.ScaledW), float64(h.Height)/float64(p.ScaledH)
	return min(x, y) >= 1 && max(x, y) < 2
}
