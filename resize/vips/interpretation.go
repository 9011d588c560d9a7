package vips

// #include "shim.h"
import "C"

// interpretation is what the bands of an image mean.
type interpretation int

const (
	interpretationGrey   = interpretation(C.VIPS_INTERPRETATION_B_W)
	interpretationGrey16 = interpretation(C.VIPS_INTERPRETATION_GREY16)
	interpretationSRGB   = interpretation(C.VIPS_INTERPRETATION_sRGB)
	interpretationRGB16  = interpretation(C.VIPS_INTERPRETATION_RGB16)
	interpretationCMYK   = interpretation(C.VIPS_INTERPRETATION_CMYK)
)

func (r *run) interpretation(im pixels) interpretation {
	if im == nil {
		return 0
	}
	return interpretation(im.Type)
}

// format is the name of the type of im's samples.
func (r *run) format(im pixels) string {
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
