package resize

import (
	"fmt"

	"github.com/thumbery/thumbery/variant"
)

// Notes are the reasons for a Plan, for people. The code that decides writes them, so that
// they cannot say anything else than what is done.
type Notes struct {
	// Region is what the crop leaves of the upright original, in its pixels, and CropClamped
	// says that the crop ended outside of the picture.
	Region      Rect
	CropClamped bool
	// NotEnlarged: the picture is smaller than the box, and not enlarged. The result is smaller
	// than the box then, except with FitContain, where it is the box with the picture on it.
	NotEnlarged bool
	// FocalClamped says, for each axis, that an edge keeps the focal point from the middle.
	FocalClamped [2]bool
	// Format is why the result has its format.
	Format string
	// Passed are the formats that the client accepts, and FormatAuto did not choose.
	Passed []Passed
	// Quality says where the quality comes from.
	Quality QualityFrom
	// SaveData: the quality was reduced for a client that saves data.
	SaveData bool
}

// Passed is a format that was not chosen, and why.
type Passed struct {
	Format variant.Format
	Reason string
	// TooLarge: the format was looked at, and the result is too large for it, or moves. Otherwise
	// another one was preferred.
	TooLarge bool
}

// QualityFrom is where a quality comes from.
type QualityFrom string

// The values of QualityFrom.
const (
	QualityOfURL     QualityFrom = "url"     // q_ of the URL or its preset
	QualityOfServer  QualityFrom = "server"  // Settings.Quality, or DefaultQuality
	QualityUndefined QualityFrom = "without" // the encoding has none
)

// WhyNotAccepted says why FormatAuto does not even consider f for v here, which a client
// accepts; "" if it does.
func (s Settings) WhyNotAccepted(v variant.Variant, a variant.Accept, f variant.Format) string {
	only := func(g variant.Format) bool { return g == f }
	switch {
	case !s.canWrite(f):
		return "this server cannot write it"
	case !s.mayChoose(f):
		return "--auto of this server leaves it out"
	case s.NormalizeAccept(v, a).Only(only)&^variant.SaveData == 0:
		return "AVIF comes first, and the size in the URL is never too large for it"
	}
	return ""
}

// tooSlow says why FormatAuto does not choose f for a result of that many pixels, or for an
// animation; "" if it may.
func (s Settings) tooSlow(f variant.Format, v variant.Variant, moves bool, pixels int64) string {
	switch {
	case moves && !animates(f):
		return "it is not written with several frames"
	case moves:
		return ""
	case pixels > s.autoPixels(f):
		return fmt.Sprintf("the result has %d pixels, and --%s-max-pixels is %d", pixels, f, s.autoPixels(f))
	case !affordable(f, v.Lossless, pixels):
		return slowAt(pixels)
	}
	return ""
}

// slowAt is the reason if affordable says no.
func slowAt(pixels int64) string {
	return fmt.Sprintf("the result has %d pixels, and may have %d in this encoding", pixels, int64(SlowPixels))
}
