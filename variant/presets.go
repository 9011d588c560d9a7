package variant

import (
	"fmt"
	"slices"
	"strings"
)

// Presets are options under a name, configured on the server. They are written
// once, before use, and only read afterwards.
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
	if _, known := optionsByName[name]; known || parses(name) {
		return fmt.Errorf("%q is an option; a preset needs another name", name)
	}
	v, err := Parse(ops)
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

// Ops is an options segment with its preset resolved.
type Ops struct {
	Preset  string  // the preset's name, "" if none was used
	Bare    bool    // a preset, and nothing after it
	Variant Variant // what it all means together
}

// Parse reads an options segment that may begin with a preset's name; options
// after it add to the preset or override it.
func (p Presets) Parse(ops string) (Ops, error) {
	first, rest, more := strings.Cut(ops, ",")
	v, ok := p[first]
	if !ok {
		v, err := Parse(ops)
		return Ops{Variant: v}, p.suggest(first, err)
	}
	if more {
		if err := v.set(rest); err != nil {
			return Ops{}, err
		}
	}
	v, err := v.normal()
	return Ops{Preset: first, Bare: !more, Variant: v}, err
}

// suggest adds the nearest preset to the error about an unknown first word.
func (p Presets) suggest(first string, err error) error {
	e, ok := err.(*Error)
	if !ok || e.Option != first || e.Suggestion != "" {
		return err
	}
	names := make([]string, 0, len(p))
	for name := range p {
		names = append(names, name)
	}
	slices.Sort(names)
	e.Suggestion, _ = nearest(first, names)
	return e
}

// Limits bound what strangers can make a server do. The zero value allows
// everything.
type Limits struct {
	// Sizes are the only widths and heights, in CSS pixels, that may be asked
	// for outside presets; empty allows all.
	Sizes []int
	// PresetsOnly allows a preset's name, "raw" and "info", and nothing else.
	PresetsOnly bool
}

// Permit returns an *Error of kind ErrForbidden if o is beyond the limits.
func (l Limits) Permit(o Ops, p Presets) error {
	if o.Variant.Whole != Picture {
		return nil
	}
	if l.PresetsOnly && !o.Bare {
		return &Error{Kind: ErrForbidden, Reason: "only presets are served here: " + presetNames(p)}
	}
	preset := p[o.Preset]
	for _, side := range [][2]int{{o.Variant.Width, preset.Width}, {o.Variant.Height, preset.Height}} {
		if len(l.Sizes) == 0 || side[0] == side[1] || side[0] == 0 || slices.Contains(l.Sizes, side[0]) {
			continue
		}
		return &Error{
			Kind: ErrForbidden, Option: sizeString(o.Variant),
			Reason: fmt.Sprintf("the side %d is not one of those served here: %v", side[0], l.Sizes),
		}
	}
	return nil
}

func sizeString(v Variant) string { return string(v.appendSize(nil)) }

func presetNames(p Presets) string {
	names := make([]string, 0, len(p))
	for name := range p {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
