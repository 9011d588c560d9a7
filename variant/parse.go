package variant

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxOpsBytes bounds the options segment; all options at their longest fit.
const maxOpsBytes = 512

// Parse parses an options segment such as "300x200,fp_0.5_0.2,f_auto", without presets,
// which Presets.Parse knows. Errors are *Error of kind ErrOptions.
//
// Parse(v.String()) == v for every v that Parse returns.
func Parse(ops string) (Variant, error) {
	var v Variant
	if err := v.set(ops); err != nil {
		return Variant{}, err
	}
	return v.normal()
}

// set parses ops and sets the fields of v that they name. It refuses an option that occurs
// twice in ops.
func (v *Variant) set(ops string) error {
	if len(ops) > maxOpsBytes {
		return &Error{Kind: ErrOptions, Reason: fmt.Sprintf("the options are %d bytes long, the limit is %d", len(ops), maxOpsBytes)}
	}
	seen := make([]string, 0, 16)
	for token := range strings.SplitSeq(ops, ",") {
		names, err := v.setOne(token)
		if err != nil {
			return err
		}
		for _, name := range names {
			if slices.Contains(seen, name) {
				return &Error{Kind: ErrOptions, Option: token, Reason: "is given twice, or contradicts another option"}
			}
			seen = append(seen, name)
		}
	}
	return nil
}

// setOne parses one option and returns the names of the fields that it has set: w_300 and
// 300x set the same, and so do g_ and fp_.
func (v *Variant) setOne(token string) (fields []string, err error) {
	if bad := strings.IndexFunc(token, notInGrammar); bad >= 0 {
		return nil, badCharacter(token, bad)
	}
	if token == "" {
		return nil, &Error{Kind: ErrOptions, Reason: "an option is empty: a comma too many, or no options at all", Suggestion: "300x200"}
	}
	if word(&v.Kind, token, kindWords) == nil {
		return []string{"whole"}, nil
	}
	if w, h, ok := cutSize(token); ok {
		return v.setSize(token, w, h)
	}
	name, args, hasArgs := strings.Cut(token, "_")
	o, known := optionsByName[name]
	if !known {
		return nil, unknownOption(token, name)
	}
	if hasArgs && args == "" {
		return nil, &Error{Kind: ErrOptions, Option: token, Reason: "has no value after the underscore", Suggestion: o.usage}
	}
	if err := o.parse(v, args); err != nil {
		return nil, badValue(token, name, err)
	}
	if name == "fp" {
		name = "g"
	}
	return []string{name}, nil
}

// setSize parses "300x200", "300x" or "x200".
func (v *Variant) setSize(token, w, h string) (fields []string, err error) {
	for _, side := range []struct {
		name, digits string
		field        *int
	}{{"w", w, &v.Width}, {"h", h, &v.Height}} {
		if side.digits == "" {
			continue
		}
		if err := whole(side.field, side.digits, 1, MaxSide); err != nil {
			return nil, &Error{Kind: ErrOptions, Option: token, Reason: "each side " + err.Error()}
		}
		fields = append(fields, side.name)
	}
	return fields, nil
}

// cutSize splits "300x200"; ok says that token has that form.
func cutSize(token string) (w, h string, ok bool) {
	w, h, ok = strings.Cut(token, "x")
	return w, h, ok && len(w)+len(h) > 0 && isDigits(w) && isDigits(h)
}

func isDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// normal returns v in normal form, in which variants of the same derivative are equal:
// fields without effect are cleared.
func (v Variant) normal() (Variant, error) {
	if v.Kind != Picture {
		return v.normalKind()
	}
	if v.Crop.everything() {
		v.Crop = Crop{}
	}
	v.normalPage()
	v.normalFit()
	if v.Format > JPEG {
		v.Progressive = false
	}
	if v.DPR == 1 || v.Width == 0 && v.Height == 0 && v.Pad == 0 && v.Round == 0 {
		v.DPR = 0
	}
	if v.Width == 0 && v.Height == 0 {
		v.Enlarge = false
	}
	if w, h := v.Box(); w > MaxSide || h > MaxSide {
		return Variant{}, &Error{
			Kind: ErrOptions, Option: "dpr_" + decimalString(v.DPR),
			Reason: fmt.Sprintf("makes the picture %dx%d, the limit is %d a side", w, h, MaxSide),
		}
	}
	return v, nil
}

// normalKind refuses options that have no meaning with "raw", "info" and "info_gps".
func (v Variant) normalKind() (Variant, error) {
	only := Variant{Kind: v.Kind, Download: v.Download, DownloadName: v.DownloadName, Version: v.Version}
	if v != only {
		return Variant{}, &Error{Kind: ErrOptions, Option: kindWords[v.Kind], Reason: "goes with no other options but dl and v"}
	}
	return v, nil
}

var kindWords = words{Raw: "raw", Info: "info", InfoGPS: "info_gps"}

// normalPage makes the first page and the first frame alone the same.
func (v *Variant) normalPage() {
	switch {
	case v.Page == 1:
		v.Page, v.Still = 0, true
	case v.Page > 1:
		v.Still = false
	}
}

// normalFit clears a fit or gravity without effect.
func (v *Variant) normalFit() {
	switch {
	case v.Width == 0 || v.Height == 0:
		v.Fit = FitNone
	case v.Fit == FitNone:
		v.Fit = FitCover
	}
	// A focal point in the middle is the centre, but not the centre of a crop.
	middle := v.Gravity == GravityFocal && v.FocalX == 0.5 && v.FocalY == 0.5 && !v.Crop.Set()
	// Gravity matters only where cover cuts, or contain places.
	if middle || v.Fit != FitCover && v.Fit != FitContain {
		v.Gravity = GravityCenter
	}
	if v.Gravity == GravitySmart && v.Fit != FitCover {
		v.Gravity = GravityCenter
	}
	if v.Gravity != GravityFocal {
		v.FocalX, v.FocalY = 0, 0
	}
}

// Scale is the number of device pixels for each CSS pixel.
func (v Variant) Scale() float64 {
	if v.DPR == 0 {
		return 1
	}
	return v.DPR
}

// Box returns the sides in device pixels, 0 for a side that is free and only for that.
func (v Variant) Box() (width, height int) {
	return v.device(v.Width), v.device(v.Height)
}

func (v Variant) device(side int) int {
	if side == 0 {
		return 0
	}
	return max(1, int(float64(side)*v.Scale()+0.5))
}

// nothing is the canonical spelling of a Variant without options, as the segment cannot be
// empty.
const nothing = "dpr_1"

// String is the canonical spelling: the options in the order of the table, each
// value in its shortest form, defaults left out.
func (v Variant) String() string { return v.spell("") }

// spell is String, and also writes the values without effect that given, the segment that v
// was parsed from, has: after a preset they override its values.
func (v Variant) spell(given string) string {
	b := make([]byte, 0, 64)
	if v.Kind != Picture {
		b = append(b, kindWords[v.Kind]...)
	}
	b = v.appendSize(b)
	for i := range options {
		args, ok := options[i].print(&v)
		if !ok && given != "" {
			args, ok = options[i].neutral(given)
		}
		if !ok {
			continue
		}
		if len(b) > 0 {
			b = append(b, ',')
		}
		b = append(b, options[i].name...)
		if args != "" {
			b = append(append(b, '_'), args...)
		}
	}
	if len(b) == 0 {
		return nothing
	}
	return string(b)
}

func (v Variant) appendSize(b []byte) []byte {
	if v.Width == 0 && v.Height == 0 {
		return b
	}
	if v.Width > 0 {
		b = strconv.AppendInt(b, int64(v.Width), 10)
	}
	b = append(b, 'x')
	if v.Height > 0 {
		b = strconv.AppendInt(b, int64(v.Height), 10)
	}
	return b
}
