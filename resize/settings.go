package resize

import (
	"fmt"

	"github.com/thumbery/thumbery/variant"
)

// Settings are what the operator decides about plans.
type Settings struct {
	// MaxPixels limits the source and the result alike, width times height; 0
	// or less is no limit.
	MaxPixels int64
	// Quality is the default quality, 1..100, of each lossy format; what is
	// missing comes from DefaultQuality.
	Quality map[variant.Format]int
	// CanWrite says which formats the engine writes, as Resizer.CanWrite does;
	// nil stands for JPEG and PNG.
	CanWrite func(variant.Format) bool
}

// DefaultQuality is the quality of a format if nothing else is asked for. The
// numbers look about alike on photographs: the formats' scales differ. This is
// the only table; the command line's default repeats it for people to read.
func DefaultQuality(f variant.Format) int {
	switch f {
	case variant.WebP:
		return 75
	case variant.AVIF:
		return 55
	}
	return 80
}

// Recipe names the settings that decide bytes, to be part of a derivative's
// name together with Resizer.Recipe. Limits are not among them.
func (s Settings) Recipe() string {
	recipe := ""
	for _, f := range []variant.Format{variant.JPEG, variant.PNG, variant.WebP, variant.AVIF, variant.GIF} {
		recipe += fmt.Sprintf("%d", s.quality(f))
		if s.canWrite(f) {
			recipe += "w"
		}
		recipe += "."
	}
	return recipe + fmt.Sprintf("a%d.%d", autoAVIFPixels, slowPixels)
}

func (s Settings) exceeds(pixels int64) bool { return s.MaxPixels > 0 && pixels > s.MaxPixels }

func (s Settings) quality(f variant.Format) int {
	if q := s.Quality[f]; q >= 1 && q <= 100 {
		return q
	}
	return DefaultQuality(f)
}

func (s Settings) canWrite(f variant.Format) bool {
	writable := f >= variant.JPEG && f <= variant.GIF
	if s.CanWrite == nil {
		return f == variant.JPEG || f == variant.PNG
	}
	return writable && s.CanWrite(f)
}

// autoAVIFPixels is the largest result for which f_auto chooses AVIF, 1
// megapixel. Encoding it takes at least twice as long as WebP, a quarter of a
// second of CPU a megapixel at the engine's default speed, and more memory; a
// page's pictures are below, and what is above would keep a core busy for
// seconds.
const autoAVIFPixels = 1 << 20

// slowPixels is the largest result for the encoders that take longest: AVIF, GIF
// and what is lossless besides PNG. On noise they take a second of CPU a
// megapixel, on photographs a quarter. 8 Mi holds a screen of 3840x2160.
const slowPixels = 8 << 20

// affordable reports whether a result of so many pixels may be encoded as f.
func affordable(f variant.Format, lossless bool, pixels int64) bool {
	slow := f == variant.AVIF || f == variant.GIF || lossless && f != variant.PNG
	return !slow || pixels <= slowPixels
}

// chooseOutput decides the encoding of a result of so many pixels.
func chooseOutput(h Header, v variant.Variant, a variant.Accept, s Settings, pixels int64) (Output, error) {
	f := v.Format
	switch f {
	case variant.FormatKeep:
		f = s.keep(h, v, pixels)
	case variant.FormatAuto:
		f = s.auto(h, v, a, pixels)
	}
	if !s.canWrite(f) {
		return Output{}, &UnsupportedError{Option: "f_" + f.String()}
	}
	if v.Lossless && (f == variant.JPEG || f == variant.GIF) {
		return Output{}, &variant.Error{
			Kind: variant.ErrOptions, Option: "lossless",
			Reason: "the result would be a " + f.String() + ", which cannot be lossless", Suggestion: "lossless,f_webp",
		}
	}
	if !affordable(f, v.Lossless, pixels) {
		return Output{}, tooLarge("the result would have %d pixels, the limit for this format is %d", pixels, slowPixels)
	}
	o := Output{Format: f, Quality: s.quality(f), Lossless: v.Lossless && f != variant.PNG}
	if v.Quality > 0 {
		o.Quality = v.Quality
	}
	return o, nil
}

// keep is the original's format, or the nearest that can be written, at this
// size and in reasonable time.
func (s Settings) keep(h Header, v variant.Variant, pixels int64) variant.Format {
	if s.canWrite(h.Format) && affordable(h.Format, v.Lossless, pixels) {
		return h.Format
	}
	return plain(h, v)
}

func (s Settings) auto(h Header, v variant.Variant, a variant.Accept, pixels int64) variant.Format {
	switch {
	case a&variant.AcceptAVIF != 0 && s.canWrite(variant.AVIF) && pixels <= autoAVIFPixels:
		return variant.AVIF
	case a&variant.AcceptWebP != 0 && s.canWrite(variant.WebP) && affordable(variant.WebP, v.Lossless, pixels):
		return variant.WebP
	}
	return plain(h, v)
}

// plain is a format that everyone reads: PNG where JPEG would lose alpha or was
// asked to lose nothing.
func plain(h Header, v variant.Variant) variant.Format {
	alpha := h.Alpha && !v.Background.Set
	if alpha || v.Lossless || h.Format == variant.SVG {
		return variant.PNG
	}
	return variant.JPEG
}

func sides(w, h int) string { return fmt.Sprintf("%dx%d", w, h) }
