package resize

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// format decides the encoding of a result of that many pixels.
func (s Settings) format(h header.Header, v variant.Variant, a variant.Accept, pixels int64, n *Notes) variant.Format {
	switch v.Format {
	case variant.FormatKeep:
		return s.keep(h, v, pixels, n)
	case variant.FormatAuto:
		return s.auto(h, v, a, pixels, n)
	}
	n.Format = "the URL, its preset or the server's --format names it"
	return v.Format
}

// keep is the original's format, or the closest that can be written at this size in
// reasonable time. Of JPEG XL that is what every browser shows, as many do not show it.
func (s Settings) keep(h header.Header, v variant.Variant, pixels int64, n *Notes) variant.Format {
	var obstacle string
	switch {
	case h.Format == variant.JXL:
		obstacle = "not every browser shows it"
	case !s.canWrite(h.Format):
		obstacle = "this server cannot write it"
	case !moving(h, v) && !affordable(h.Format, v.Lossless, pixels):
		obstacle = slowAt(pixels)
	default:
		n.Format = "the URL names no format, so it is the original's"
		return h.Format
	}
	f, why := plain(h, v)
	n.Format = fmt.Sprintf("the URL names no format, and the original's, %v, is not kept, as %s: %s", h.Format, obstacle, why)
	return f
}

// auto is the best format that the client accepts and that is not too slow. An
// animation stays an animation, in WebP or GIF.
func (s Settings) auto(h header.Header, v variant.Variant, a variant.Accept, pixels int64, n *Notes) (chosen variant.Format) {
	moves := moving(h, v)
	for _, f := range s.NormalizeAccept(v, a).Formats() {
		if chosen != variant.FormatKeep {
			n.Passed = append(n.Passed, Passed{f, chosen.String() + " is preferred", false})
		} else if why := s.tooSlow(f, v, moves, pixels); why != "" {
			n.Passed = append(n.Passed, Passed{f, why, true})
		} else {
			chosen, n.Format = f, "it is the first that the client accepts and that is not too slow"
		}
	}
	switch {
	case chosen != variant.FormatKeep:
		return chosen
	case moves && !v.Lossless && s.canWrite(variant.GIF):
		n.Format = "the animation is a GIF, as the client does not accept WebP"
		if !s.mayChoose(variant.WebP) {
			n.Format = "the animation is a GIF, as WebP cannot be chosen: " + s.WhyNotAccepted(v, a, variant.WebP)
		}
		return variant.GIF
	}
	f, why := plain(h, v)
	n.Format = "none of the formats that the client accepts can be chosen: " + why
	return f
}

// NormalizeAccept reduces a to what FormatAuto may choose here for v, so that clients that
// get the same picture share it in the cache. JPEG XL is left out where AVIF comes first and
// v asks for so few pixels that it is AVIF anyway. A free side counts as twice as long as the
// other: a picture that is longer, and too large for AVIF then, becomes WebP.
func (s Settings) NormalizeAccept(v variant.Variant, a variant.Accept) variant.Accept {
	a = a.Only(s.mayChoose)
	if a&variant.AcceptAVIF == 0 || a&variant.PreferJXL != 0 {
		return a
	}
	w, h, dpr := cmp.Or(v.Width, 2*v.Height), cmp.Or(v.Height, 2*v.Width), cmp.Or(v.DPR, 1)
	if w == 0 || v.Fit == variant.FitOutside || v.Pad > 0 || float64(w*h)*dpr*dpr > float64(s.autoPixels(variant.AVIF)) {
		return a
	}
	return a.Only(func(f variant.Format) bool { return f != variant.JXL })
}

// mayChoose reports whether FormatAuto may choose f, if the client accepts it.
func (s Settings) mayChoose(f variant.Format) bool {
	modern := f == variant.WebP || f == variant.AVIF || f == variant.JXL
	return modern && s.canWrite(f) && (s.Auto == nil || slices.Contains(s.Auto, f))
}

// plain is a format that every client reads: PNG for alpha, for lossless, and for
// sources with few colours, otherwise JPEG. It says why.
func plain(h header.Header, v variant.Variant) (f variant.Format, why string) {
	switch {
	case transparent(h, v):
		return variant.PNG, "PNG, as it is transparent"
	case v.Lossless:
		return variant.PNG, "PNG, as it is to be lossless"
	case h.Format == variant.SVG, h.Format == variant.PNG && h.Palette:
		return variant.PNG, "PNG, as it has few colours"
	}
	return variant.JPEG, "JPEG, as nothing in it is transparent"
}

func (s Settings) canWrite(f variant.Format) bool {
	if s.CanWrite == nil {
		return f == variant.JPEG || f == variant.PNG
	}
	return WrittenFormats.Has(f) && s.CanWrite(f)
}

// SlowPixels is the largest result for the encoders that take longest: AVIF, JPEG XL, GIF
// and what is lossless besides PNG. On noise they take a second of CPU a
// megapixel, on photographs a quarter. 8 Mi holds a screen of 3840x2160.
const SlowPixels = 8 << 20

// affordable reports whether a result of that many pixels may be encoded as f.
func affordable(f variant.Format, lossless bool, pixels int64) bool {
	slow := f == variant.AVIF || f == variant.JXL || f == variant.GIF || lossless && f != variant.PNG
	return !slow || pixels <= SlowPixels
}
