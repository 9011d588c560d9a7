package variant

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/thumbery/thumbery/internal/nearest"
)

// Presets are named options that are configured on the server, not in normal form. They are
// filled by Add before use, and only read afterwards.
type Presets map[string]Variant

// maxPresetName is generous: a name is part of every URL that uses it.
const maxPresetName = 32

// Add reads "thumb=300x200,f_auto". The name is of [a-z0-9-], begins with a
// letter, and means nothing else in a URL. The error says what is wrong.
func (p Presets) Add(s string) error {
	name, ops, ok := strings.Cut(s, "=")
	if !ok {
		return fmt.Errorf("%q is not of the form NAME=OPTIONS, such as thumb=300x200,f_auto", s)
	}
	if !isName(name) || len(name) > maxPresetName || name[0] < 'a' {
		return fmt.Errorf("the name %q must be of a-z, 0-9 and \"-\", begin with a letter, and have at most %d characters", name, maxPresetName)
	}
	if _, exists := p[name]; exists {
		return fmt.Errorf("the preset %q is given twice", name)
	}
	if name == string(ScopePresets) || name == string(ScopeSizes) {
		return fmt.Errorf("%q is a scope of signatures; a preset needs another name", name)
	}
	if _, known := optionsByName[name]; known || parses(name) {
		return fmt.Errorf("%q is an option; a preset needs another name", name)
	}
	// An option without effect may get one from options that a URL adds to the preset. So
	// the preset is kept as written, and normalized with them.
	var v Variant
	err := v.set(ops)
	if err == nil {
		_, err = v.normal()
	}
	if err != nil {
		return fmt.Errorf("preset %q: %w", name, err)
	}
	p[name] = v
	return nil
}

func parses(ops string) bool {
	_, err := Parse(ops)
	return err == nil
}

// isName reports a word of [a-z0-9-], the form of preset names and key ids.
func isName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

// Ops is a parsed options segment with its preset resolved.
type Ops struct {
	Preset  string  // the preset's name, "" if none was used
	Bare    bool    // a preset, and nothing after it
	Variant Variant // of the preset and the options after it
	// Canonical is the one spelling: the preset, if there is one, and the
	// options in order.
	Canonical string
}

// Parse reads an options segment that may begin with a preset's name; options
// after it add to the preset or override it.
func (p Presets) Parse(ops string) (Ops, error) {
	first, rest, more := strings.Cut(ops, ",")
	v, ok := p[first]
	if !ok {
		v, err := Parse(ops)
		if err != nil {
			return Ops{}, p.suggest(first, err)
		}
		return Ops{Variant: v, Canonical: v.String()}, nil
	}
	o := Ops{Preset: first, Bare: !more, Canonical: first}
	if more {
		var added Variant // not in normal form, as it means something only with the preset
		if err := added.set(rest); err != nil {
			return Ops{}, err
		}
		if err := v.set(rest); err != nil {
			return Ops{}, err
		}
		o.Canonical += "," + added.spell(rest)
	}
	var err error
	o.Variant, err = v.normal()
	return o, err
}

// suggest adds the nearest preset to the error about an unknown first word.
func (p Presets) suggest(first string, err error) error {
	e, ok := err.(*Error)
	if !ok || e.Option != first || e.Suggestion != "" {
		return err
	}
	e.Suggestion, _ = nearest.Word(first, slices.Sorted(maps.Keys(p)))
	return e
}

// Limits bound the work that clients can cause. The zero value permits everything.
type Limits struct {
	// Sizes are the only widths and heights, in CSS pixels, that are permitted outside
	// presets; empty permits all. With them a side must be given, and DPR is one of 1, 1.5,
	// 2 and 3. Other options are bounded only by PresetsOnly or signatures.
	Sizes []int
	// PresetsOnly permits only names of presets, "raw", "info" and "info_gps".
	PresetsOnly bool
	// Signed says that URLs must be signed. If not, Sizes and PresetsOnly permit no version
	// (v_) but that of a preset: each would be another original to fetch and keep.
	Signed bool
}

// LimitedDPR reports whether a DPR is permitted together with Limits.Sizes.
func LimitedDPR(dpr float64) bool { return slices.Contains([]float64{0, 1, 1.5, 2, 3}, dpr) }

// Permit returns an *Error of kind ErrForbidden if o is beyond the limits.
func (l Limits) Permit(o Ops, p Presets) error {
	if err := l.permitVersion(o, p); err != nil || o.Variant.Kind != Picture {
		return err
	}
	if l.PresetsOnly && !o.Bare {
		return forbidden("only presets are served here: " + strings.Join(slices.Sorted(maps.Keys(p)), ", "))
	}
	if len(l.Sizes) == 0 || o.Bare {
		return nil
	}
	preset := p[o.Preset]
	switch {
	case o.Variant.Width == 0 && o.Variant.Height == 0:
		return forbidden(fmt.Sprintf("a width or a height must be given, one of %v", l.Sizes))
	case o.Variant.DPR != preset.DPR && !LimitedDPR(o.Variant.DPR):
		return &Error{Kind: ErrForbidden, Option: "dpr_" + decimalString(o.Variant.DPR), Reason: "only dpr_1, dpr_1.5, dpr_2 and dpr_3 are served here"}
	}
	for _, side := range [][2]int{{o.Variant.Width, preset.Width}, {o.Variant.Height, preset.Height}} {
		if side[0] == side[1] || side[0] == 0 || slices.Contains(l.Sizes, side[0]) {
			continue
		}
		return &Error{
			Kind: ErrForbidden, Option: sizeString(o.Variant),
			Reason: fmt.Sprintf("the side %d is not one of those served here: %v", side[0], l.Sizes),
		}
	}
	return nil
}

func (l Limits) permitVersion(o Ops, p Presets) error {
	limited := !l.Signed && (l.PresetsOnly || len(l.Sizes) > 0)
	if !limited || o.Variant.Version == p[o.Preset].Version {
		return nil
	}
	return &Error{
		Kind: ErrForbidden, Option: "v_" + o.Variant.Version,
		Reason: "versions are served here only in signed URLs and in presets, as anybody could have the picture fetched anew: leave it out",
	}
}

func sizeString(v Variant) string { return string(v.appendSize(nil)) }
