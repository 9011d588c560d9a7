package variant

import (
	"slices"
	"strconv"
	"strings"
)

// Srcset returns the value of a srcset attribute with one candidate for each width, such
// as "…/320x,f_auto/cat.jpg 320w". Options with both sides keep their ratio. It returns
// an *Error as URL does, and one of kind ErrOptions if ops has a dpr, or a height alone:
// what would be 320 pixels wide, the browser could not be told. After a preset it needs both
// sides, as a height of the preset's would not follow the width.
func (l Links) Srcset(ops, key string, widths ...int) (string, error) {
	ratio, err := splitSize(ops)
	if err != nil {
		return "", err
	}
	if ratio.width == 0 && ratio.height > 0 {
		return "", srcsetError("by widths needs a width, both sides or neither")
	}
	if l.beginsWithPreset(ratio) && (ratio.width == 0 || ratio.height == 0) {
		return "", srcsetError("by widths needs both sides after a preset, such as " + ratio.others[0] + ",300x200")
	}
	return l.candidates(key, len(widths), func(i int) (string, string) {
		return ratio.at(widths[i]), strconv.Itoa(widths[i]) + "w"
	})
}

// Densities returns the value of a srcset attribute with one candidate for each density of
// the screen, such as "…/320x,dpr_2/cat.jpg 2x". It returns an *Error as URL does, and one
// of kind ErrOptions if ops has a dpr, or neither a size nor a preset.
func (l Links) Densities(ops, key string, densities ...float64) (string, error) {
	size, err := splitSize(ops)
	if err != nil {
		return "", err
	}
	if !l.beginsWithPreset(size) && size.width == 0 && size.height == 0 {
		return "", srcsetError("by densities needs a size, or a preset")
	}
	return l.candidates(key, len(densities), func(i int) (string, string) {
		density := decimalString(round(densities[i]))
		if density == "1" {
			return ops, "1x"
		}
		return ops + ",dpr_" + density, density + "x"
	})
}

func (l Links) beginsWithPreset(s sized) bool {
	if len(s.others) == 0 {
		return false
	}
	_, ok := l.Presets[s.others[0]]
	return ok
}

// candidates joins n candidates, each the URL of options and a descriptor.
func (l Links) candidates(key string, n int, at func(i int) (ops, descriptor string)) (string, error) {
	all := make([]string, n)
	for i := range all {
		ops, descriptor := at(i)
		url, err := l.URL(ops, key)
		if err != nil {
			return "", err
		}
		all[i] = url + " " + descriptor
	}
	return strings.Join(all, ", "), nil
}

// sized are options as they are written, with their size apart from the others.
type sized struct {
	width, height int // 0 where that side is not given
	others        []string
}

// splitSize returns an error for options with a dpr: srcset chooses it.
func splitSize(ops string) (sized, error) {
	var s sized
	var sizes []string
	for option := range strings.SplitSeq(ops, ",") {
		_, _, size := cutSize(option)
		switch {
		case strings.HasPrefix(option, "dpr_"):
			return sized{}, srcsetError("has a dpr of its own: leave out " + option)
		case size || strings.HasPrefix(option, "w_") || strings.HasPrefix(option, "h_"):
			sizes = append(sizes, option)
		case option != "":
			s.others = append(s.others, option)
		}
	}
	if sizes == nil {
		return s, nil
	}
	var v Variant
	err := v.set(strings.Join(sizes, ","))
	s.width, s.height = v.Width, v.Height
	return s, err
}

// at returns the options with another width in the same ratio.
func (s sized) at(width int) string {
	size := strconv.Itoa(width) + "x"
	if s.height > 0 {
		size += strconv.Itoa(max(1, (2*width*s.height+s.width)/(2*s.width)))
	}
	return strings.Join(append(s.others[:len(s.others):len(s.others)], size), ",")
}

func srcsetError(reason string) error {
	return &Error{Kind: ErrOptions, Reason: "srcset " + reason}
}

// src returns the URL for browsers that ignore srcset, of the greatest of the widths.
func (l Links) src(ops, key string, widths []int) (string, error) {
	if len(widths) == 0 {
		return l.URL(ops, key)
	}
	candidate, err := l.Srcset(ops, key, slices.Max(widths))
	url, _, _ := strings.Cut(candidate, " ")
	return url, err
}
