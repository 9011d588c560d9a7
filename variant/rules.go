package variant

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Rules are how a server reads the options of a URL: its presets, what it permits,
// and its format where the options name none (FormatKeep, the zero value, is the
// original's).
type Rules struct {
	Presets Presets
	Limits  Limits
	Format  Format
}

// maxOps bounds what Variants accepts: a client multiplies it with its keys.
const maxOps = 200

// Variants resolves ops, each the options of a URL or the name of a preset, to what
// this server answers for them, without duplicates. With allPresets those of
// AllPresets are added. It is an error if that is nothing, or if there are more than
// 200 ops. Errors wrap an *Error where options are wrong or not permitted.
func (r Rules) Variants(ops []string, allPresets bool) ([]Variant, error) {
	if err := r.check(ops, allPresets); err != nil {
		return nil, err
	}
	var all []Variant
	for _, text := range ops {
		v, err := r.derivative(text)
		if err != nil {
			return nil, fmt.Errorf("%.100q: %w", text, err)
		}
		all = append(all, v)
	}
	if allPresets {
		all = append(all, r.AllPresets()...)
	}
	seen := map[Variant]bool{}
	return slices.DeleteFunc(all, func(v Variant) bool {
		duplicate := seen[v]
		seen[v] = true
		return duplicate
	}), nil
}

// check reports what is wrong with the arguments of Variants as a whole.
func (r Rules) check(ops []string, allPresets bool) error {
	switch {
	case allPresets && len(r.Presets) == 0:
		return errors.New("all_presets: this server has no presets")
	case allPresets && len(ops) == 0 && len(r.AllPresets()) == 0:
		return errors.New("nothing to generate: all presets are originals")
	case len(ops) == 0 && !allPresets:
		return errors.New("nothing to generate: give ops, presets or all_presets")
	case len(ops) > maxOps:
		return fmt.Errorf("there are %d ops and presets, and may be %d", len(ops), maxOps)
	}
	return nil
}

// AllPresets returns the variants of all presets, in the order of their names, without
// those that are the original itself.
func (r Rules) AllPresets() []Variant {
	var all []Variant
	for _, name := range slices.Sorted(maps.Keys(r.Presets)) {
		o, err := r.Presets.Parse(name) // in normal form, which the map's value is not
		if err == nil && o.Variant.Kind != Raw {
			all = append(all, r.served(o.Variant))
		}
	}
	return all
}

// derivative is the variant that a client gets for ops.
func (r Rules) derivative(ops string) (Variant, error) {
	o, err := r.Presets.Parse(ops)
	if err == nil {
		err = r.Limits.Permit(o, r.Presets)
	}
	switch {
	case err != nil:
		return Variant{}, err
	case o.Variant.Kind == Raw:
		return Variant{}, errors.New("nothing to generate: the original is cached as soon as a derivative is made of it")
	}
	return r.served(o.Variant), nil
}

// served is v with the server's format, and without what decides headers only.
func (r Rules) served(v Variant) Variant {
	if v.Kind == Picture && v.Format == FormatKeep {
		v.Format = r.Format
	}
	v.Download, v.DownloadName = false, ""
	return v
}
