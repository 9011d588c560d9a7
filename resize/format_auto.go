package resize

import (
	"slices"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

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

// mayChoose reports whether FormatAuto may choose f.
func (s Settings) mayChoose(f variant.Format) bool {
	modern := f == variant.WebP || f == variant.AVIF
	return modern && s.canWrite(f) && (s.Auto == nil || slices.Contains(s.Auto, f))
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
