package watermark

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/thumbery/thumbery/variant"
)

// UnmarshalText reads NAME=FILE or NAME=text:WORDS, with options after commas, such as
// g_se or opacity_50. It does not open the file.
func (w *Watermark) UnmarshalText(text []byte) error {
	name, rest, ok := strings.Cut(string(text), "=")
	if !ok || rest == "" || rest[0] == ',' {
		return fmt.Errorf("%q is not of the form NAME=FILE[,OPTION…] or NAME=text:WORDS[,OPTION…]", text)
	}
	if v, err := variant.Parse("wm_" + name); err != nil || v.Watermark != name {
		return fmt.Errorf("the name %q must be of a-z, 0-9, \".\", \"_\" and \"-\", as it stands in URLs as wm_NAME", name)
	}
	*w = Watermark{Name: name, Gravity: variant.GravitySE, Opacity: 1}
	content, err := w.parseOptions(rest)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return w.parseContent(content)
}

// parseOptions parses options from the end on, since the words may have commas, too,
// and returns what is left.
func (w *Watermark) parseOptions(s string) (content string, err error) {
	var seen []string
	for {
		comma := strings.LastIndexByte(s, ',')
		if comma < 0 {
			return s, nil
		}
		name, value, _ := strings.Cut(s[comma+1:], "_")
		parse, known := options[name]
		if !known {
			return s, nil
		}
		if slices.Contains(seen, name) {
			return "", fmt.Errorf("%s is given twice", name)
		}
		if err := parse(w, value); err != nil {
			return "", fmt.Errorf("%s: %w", s[comma+1:], err)
		}
		seen, s = append(seen, name), s[:comma]
	}
}

// parseContent parses the words, or the name of the file.
func (w *Watermark) parseContent(s string) error {
	words, isText := strings.CutPrefix(s, "text:")
	switch {
	case isText && strings.TrimSpace(words) == "":
		return fmt.Errorf("%s: there are no words to write", w.Name)
	case isText:
		w.setText(words)
		return nil
	case w.Font != "" || w.Color.Set:
		return fmt.Errorf("%s: font and color are for text:WORDS", w.Name)
	}
	if file, option, more := strings.Cut(s, ","); more {
		return fmt.Errorf("%s: %q after %q is none of g_, opacity_, scale_, margin_ and tile", w.Name, option, file)
	}
	w.File = s
	return nil
}

func (w *Watermark) setText(words string) {
	w.Text = words
	if w.Font == "" {
		w.Font = "sans"
	}
	if !w.Color.Set {
		w.Color = variant.Color{R: 255, G: 255, B: 255, A: 255, Set: true}
	}
}

// options are the parsers of the options, by name.
var options = map[string]func(*Watermark, string) error{
	"g":       parseGravity,
	"opacity": func(w *Watermark, s string) error { return parsePercent(&w.Opacity, s) },
	"scale":   func(w *Watermark, s string) error { return parsePercent(&w.Scale, s) },
	"margin":  func(w *Watermark, s string) error { return parseWhole(&w.Margin, s, "pixels", 0, maxMargin) },
	"color":   parseColor,
	"tile": func(w *Watermark, s string) error {
		if s != "" {
			return errors.New("takes no value")
		}
		w.Tile = true
		return nil
	},
	"font": func(w *Watermark, s string) error {
		if strings.TrimSpace(s) == "" {
			return errors.New("needs a name, such as font_sans bold")
		}
		w.Font = s
		return nil
	},
}

func parseGravity(w *Watermark, s string) error {
	v, err := variant.Parse("1x1,g_" + s)
	if err != nil || v.Gravity == variant.GravitySmart {
		return errors.New("must be one of center, n, ne, e, se, s, sw, w, nw")
	}
	w.Gravity = v.Gravity
	return nil
}

func parseColor(w *Watermark, s string) error {
	v, err := variant.Parse("bg_" + s)
	if err != nil || len(s) != len("RRGGBB") {
		return errors.New("must be a colour as RRGGBB, in hexadecimal and lower case")
	}
	w.Color = v.Background
	return nil
}

func parsePercent(part *float64, s string) error {
	var n int
	err := parseWhole(&n, s, "percent", 1, 100)
	*part = float64(n) / 100
	return err
}

// maxMargin is more than there is to any margin.
const maxMargin = 1000

func parseWhole(field *int, s, unit string, low, high int) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high {
		return fmt.Errorf("must be %s, from %d to %d", unit, low, high)
	}
	*field = n
	return nil
}
