package resize

import (
	"cmp"
	"fmt"
	"math"

	"github.com/thumbery/thumbery/variant"
)

// Settings are the operator's choices that decide about plans.
type Settings struct {
	// MaxPixels limits the source and the result alike, width times height, and
	// the decoded source to 12 bytes for each; 0 or less is no limit.
	MaxPixels int64
	// MaxFrames limits the frames of an animation; 0 or less is no limit.
	MaxFrames int
	// Quality is the default quality, 1..100, of each lossy format; what is
	// missing comes from DefaultQuality.
	Quality map[variant.Format]int
	// Auto are the formats that FormatAuto may choose besides the plain ones,
	// which are JPEG and PNG, and GIF for animations: some of WebP, AVIF and JPEG XL;
	// nil stands for all.
	Auto []variant.Format
	// AVIFMaxPixels and JXLMaxPixels are the largest results for which FormatAuto chooses
	// AVIF and JPEG XL; 0 stands for DefaultAVIFPixels and DefaultJXLPixels.
	AVIFMaxPixels, JXLMaxPixels int64
	// Restore sharpens mildly after strong reductions.
	Restore bool
	// Linear has thumbnails reduced in linear light.
	Linear bool
	// MezzanineSide is about the longest side, in pixels, of the mezzanine that is kept
	// of an original of more than MezzanineOver pixels; 0 or less is none. See
	// Settings.Mezzanine.
	MezzanineSide int
	MezzanineOver int64
	// Watermarks are the names that may be asked for, each with a fingerprint of
	// what it looks like.
	Watermarks map[string]string
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
		return 79
	case variant.AVIF:
		return 60
	case variant.JXL:
		return 75
	}
	return 80
}

// Recipe identifies the settings that decide the bytes of derivatives. It is part of
// their names on disk, with Resizer.Recipe, and with the fingerprint of the watermark
// if there is one. Limits are not part of it.
func (s Settings) Recipe() string {
	recipe := ""
	for _, f := range []variant.Format{variant.JPEG, variant.PNG, variant.WebP, variant.AVIF, variant.GIF} {
		recipe += fmt.Sprintf("%d", s.quality(f))
		if s.canWrite(f) {
			recipe += "w"
		}
		if s.mayChoose(f) {
			recipe += "a"
		}
		recipe += "."
	}
	recipe += fmt.Sprintf("a%d.%d", s.autoPixels(variant.AVIF), SlowPixels)
	// Only what is not the default, so that names stay: a change of a default of JPEG XL
	// has to raise the engine's recipe.
	if q, pixels := s.quality(variant.JXL), s.autoPixels(variant.JXL); q != DefaultQuality(variant.JXL) || pixels != DefaultJXLPixels {
		recipe += fmt.Sprintf("j%d.%d", q, pixels)
	}
	if s.Restore {
		recipe += fmt.Sprintf("r%d", restoreFrom)
	}
	if s.Linear {
		recipe += fmt.Sprintf("l%d", linearSide)
	}
	return recipe + s.mezzanineRecipe()
}

func (s Settings) exceeds(pixels int64) bool { return s.MaxPixels > 0 && pixels > s.MaxPixels }

func (s Settings) quality(f variant.Format) int {
	if q := s.Quality[f]; q >= 1 && q <= 100 {
		return q
	}
	return DefaultQuality(f)
}

// DefaultAVIFPixels is the largest result for which FormatAuto chooses AVIF, half
// a megapixel (900x580). At the engine's default speed AVIF takes 0.4 s of CPU a
// megapixel, four times as long as WebP, and gives a third fewer bytes.
const DefaultAVIFPixels = 1 << 19

// DefaultJXLPixels is the largest result for which FormatAuto chooses JPEG XL, 1,280 Ki
// (1400x930). It takes 0.2 s of CPU a megapixel, twice as long as WebP.
const DefaultJXLPixels = 1280 << 10

// autoPixels is the largest result for which FormatAuto chooses f.
func (s Settings) autoPixels(f variant.Format) int64 {
	switch f {
	case variant.AVIF:
		return cmp.Or(max(s.AVIFMaxPixels, 0), DefaultAVIFPixels)
	case variant.JXL:
		return cmp.Or(max(s.JXLMaxPixels, 0), DefaultJXLPixels)
	}
	return math.MaxInt64
}

func sides(w, h int) string { return fmt.Sprintf("%dx%d", w, h) }

// CheckWritable refuses formats that this libvips does not write.
func (s Settings) CheckWritable(variants []variant.Variant) error {
	for _, v := range variants {
		if v.Format > variant.FormatAuto && !s.CanWrite(v.Format) {
			return &UnsupportedError{Option: "f_" + v.Format.String()}
		}
	}
	return nil
}
