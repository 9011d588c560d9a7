package variant

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// words spell the values of an enumeration, indexed by value; "" where a value
// has no spelling.
type words []string

var (
	fitWords = words{
		FitCover: "cover", FitContain: "contain", FitInside: "inside", FitOutside: "outside", FitFill: "fill",
	}
	gravityWords = words{
		GravityCenter: "center", GravityN: "n", GravityNE: "ne", GravityE: "e", GravitySE: "se",
		GravityS: "s", GravitySW: "sw", GravityW: "w", GravityNW: "nw", GravitySmart: "smart",
	}
	flipWords = words{FlipH: "h", FlipV: "v", FlipHV: "hv"}
)

// spelling is the word for a value, "" if it has none.
func (w words) spelling(value int) string {
	if value < len(w) {
		return w[value]
	}
	return ""
}

// all are the values that have a spelling.
func (w words) all() []string {
	return slices.DeleteFunc(slices.Clone(w), func(s string) bool { return s == "" })
}

func (w words) list() string { return strings.Join(w.all(), ", ") }

// wordError says that a value is not in its list. badValue suggests the nearest word.
type wordError struct {
	given   string
	allowed words
}

func (e *wordError) Error() string { return "is not one of " + e.allowed.list() }

func word[T ~uint8](field *T, s string, allowed words) error {
	i := slices.Index(allowed, s)
	if i < 0 || s == "" {
		return &wordError{s, allowed}
	}
	*field = T(i)
	return nil
}

func parseEnlarge(v *Variant, s string) error {
	if s != "0" && s != "1" {
		return errors.New("must be 0 or 1")
	}
	v.Enlarge = s == "1"
	return nil
}

func whole(field *int, s string, low, high int) error {
	n, err := strconv.Atoi(s)
	if err != nil || s[0] == '+' || n < low || n > high {
		return fmt.Errorf("must be a whole number from %d to %d", low, high)
	}
	*field = n
	return nil
}

func parseTrim(v *Variant, s string) error {
	const byDefault = "10" // as for libvips' find_trim
	return whole(&v.Trim, cmp.Or(s, byDefault), 1, 255)
}

// decimalPlaces is the precision of decimals: fine enough to tell two pixels of the largest
// picture apart, and coarse enough for every value to have one shortest spelling.
const decimalPlaces = 4

func decimal(field *float64, s string, low, high float64) error {
	x, ok := parseDecimal(s)
	if !ok || x < low || x > high {
		return fmt.Errorf("must be a number from %s to %s", decimalString(low), decimalString(high))
	}
	*field = x
	return nil
}

// parseDecimal accepts digits with at most one point: no sign, no exponent, no "inf".
func parseDecimal(s string) (float64, bool) {
	if len(s) > 16 || strings.Trim(s, "0123456789.") != "" {
		return 0, false
	}
	x, err := strconv.ParseFloat(s, 64)
	return round(x), err == nil
}

// round returns x as options spell it, with decimalPlaces.
func round(x float64) float64 {
	scale := math.Pow10(decimalPlaces)
	return math.Round(x*scale) / scale
}

func decimalString(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// text is a free value: a name on the server or a cache buster.
func text(field *string, s string) error {
	if s == "" {
		return errors.New("needs a value")
	}
	*field = s
	return nil
}

func parseWidth(v *Variant, s string) error  { return whole(&v.Width, s, 1, MaxSide) }
func parseHeight(v *Variant, s string) error { return whole(&v.Height, s, 1, MaxSide) }

func parseFocal(v *Variant, s string) error {
	x, y, _ := strings.Cut(s, "_")
	if decimal(&v.FocalX, x, 0, 1) != nil || decimal(&v.FocalY, y, 0, 1) != nil {
		return errors.New("must be two numbers from 0 to 1, such as fp_0.5_0.2")
	}
	v.Gravity = GravityFocal
	return nil
}

func printFocal(v *Variant) (string, bool) {
	if v.Gravity != GravityFocal {
		return "", false
	}
	return decimalString(v.FocalX) + "_" + decimalString(v.FocalY), true
}

func parseCrop(v *Variant, s string) error {
	parts := strings.Split(s, "_")
	if len(parts) != 4 {
		return errors.New("must be four lengths X_Y_W_H, in pixels or percent, such as crop_10p_0_50p_100p")
	}
	for i, field := range []*Length{&v.Crop.X, &v.Crop.Y, &v.Crop.W, &v.Crop.H} {
		if err := parseLength(field, parts[i]); err != nil {
			return err
		}
	}
	if !v.Crop.Set() {
		return errors.New("must be wider and higher than 0")
	}
	return nil
}

// maxLength is beyond the sides of any picture that is accepted.
const maxLength = 1_000_000

func parseLength(l *Length, s string) error {
	digits, percent := strings.CutSuffix(s, "p")
	l.Percent = percent
	if percent {
		return decimal(&l.Value, digits, 0, 100)
	}
	var n int
	err := whole(&n, digits, 0, maxLength)
	l.Value = float64(n)
	return err
}

func (l Length) String() string {
	if l.Percent {
		return decimalString(l.Value) + "p"
	}
	return decimalString(l.Value)
}

func printCrop(v *Variant) (string, bool) {
	c := v.Crop
	if !c.Set() {
		return "", false
	}
	return fmt.Sprintf("%v_%v_%v_%v", c.X, c.Y, c.W, c.H), true
}

func parseBackground(v *Variant, s string) error {
	c := Color{A: 255, Set: true}
	n, err := strconv.ParseUint(s, 16, 32)
	switch {
	case err != nil || len(s) != 6 && len(s) != 8:
		return errors.New("must be a colour as RRGGBB or RRGGBBAA, in hexadecimal")
	case len(s) == 8:
		c.A = uint8(n)
		n >>= 8
	}
	c.R, c.G, c.B = uint8(n>>16), uint8(n>>8), uint8(n)
	v.Background = c
	return nil
}

func printBackground(v *Variant) (string, bool) {
	c := v.Background
	if !c.Set {
		return "", false
	}
	s := fmt.Sprintf("%02x%02x%02x", c.R, c.G, c.B)
	if c.A != 255 {
		s += fmt.Sprintf("%02x", c.A)
	}
	return s, true
}

// turns are the values of rot.
var turns = []string{"0", "90", "180", "270"}

func parseRotate(v *Variant, s string) error {
	if !slices.Contains(turns, s) {
		return errors.New("must be 90, 180 or 270")
	}
	return whole(&v.Rotate, s, 0, 270)
}

func parseDownload(v *Variant, s string) error {
	if strings.Trim(s, ".") == "" && s != "" {
		return errors.New("needs a file name")
	}
	v.Download, v.DownloadName = true, s
	return nil
}
