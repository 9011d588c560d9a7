package resize

import "github.com/thumbery/thumbery/variant"

// Unsupported returns an *UnsupportedError naming the first option of v that
// the grammar understands and no engine carries out yet, or nil.
func Unsupported(v variant.Variant) error {
	for _, o := range []struct {
		name  string
		asked bool
	}{
		{"trim", v.Trim != 0},
		{"pad", v.Pad != 0},
		{"rot", v.Rotate != 0},
		{"flip", v.Flip != variant.FlipNone},
		{"round", v.Round != 0},
		{"blur", v.Blur != 0},
		{"sharp", v.Sharpen != 0},
		{"bright", v.Brightness != 0},
		{"contrast", v.Contrast != 0},
		{"sat", v.Saturation != 0},
		{"gray", v.Gray},
		{"pixel", v.Pixelate != 0},
		{"wm", v.Watermark != ""},
		{"bytes", v.MaxBytes != 0},
		{"page", v.Page > 1}, // the first is what is made anyway
		{"g_smart", v.Gravity == variant.GravitySmart},
		{variant.Variant{Background: v.Background}.String(), v.Background.Set && v.Background.A != 255},
	} {
		if o.asked {
			return &UnsupportedError{Option: o.name}
		}
	}
	return nil
}
