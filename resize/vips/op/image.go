package op

// #include "shim.h"
import "C"

// Interpretation is what the bands of an image mean.
type Interpretation int

const (
	InterpretationGrey   = Interpretation(C.VIPS_INTERPRETATION_B_W)
	InterpretationGrey16 = Interpretation(C.VIPS_INTERPRETATION_GREY16)
	InterpretationSRGB   = Interpretation(C.VIPS_INTERPRETATION_sRGB)
	InterpretationRGB16  = Interpretation(C.VIPS_INTERPRETATION_RGB16)
	InterpretationCMYK   = Interpretation(C.VIPS_INTERPRETATION_CMYK)
	InterpretationLab    = Interpretation(C.VIPS_INTERPRETATION_LAB)
	InterpretationLabs   = Interpretation(C.VIPS_INTERPRETATION_LABS)
	InterpretationXYZ    = Interpretation(C.VIPS_INTERPRETATION_XYZ)
)

// Interpretation is that of im.
func (r *Run) Interpretation(im Image) Interpretation {
	if im == nil {
		return 0
	}
	return Interpretation(im.Type)
}

// Format is the name of the type of im's samples.
func (r *Run) Format(im Image) string {
	if im == nil {
		return "uchar"
	}
	switch im.BandFmt {
	case C.VIPS_FORMAT_UCHAR:
		return "uchar"
	case C.VIPS_FORMAT_USHORT:
		return "ushort"
	}
	return "float"
}

// IsFloat reports whether im's samples are floats of 32 bits.
func (r *Run) IsFloat(im Image) bool { return im.BandFmt == C.VIPS_FORMAT_FLOAT }

// IsCoded reports whether im's samples are packed, as in some kinds of Lab.
func (r *Run) IsCoded(im Image) bool { return im.Coding != C.VIPS_CODING_NONE }
