package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/vips"
	"github.com/thumbery/thumbery/variant"
)

// markFlag is NAME=FILE or NAME=text:WORDS, and options after commas. What the
// file holds is read later.
type markFlag struct {
	vips.Watermark
	file string
}

func (m *markFlag) UnmarshalText(text []byte) error {
	name, rest, ok := strings.Cut(string(text), "=")
	if !ok || rest == "" {
		return fmt.Errorf("%q is not of the form NAME=FILE[,OPTION…] or NAME=text:WORDS[,OPTION…]", text)
	}
	if v, err := variant.Parse("wm_" + name); err != nil || v.Watermark != name {
		return fmt.Errorf("the name %q must be of a-z, 0-9, \".\", \"_\" and \"-\", as it stands in URLs as wm_NAME", name)
	}
	m.Watermark = vips.Watermark{Name: name, Gravity: variant.GravitySE, Opacity: 1}
	what, err := m.options(rest)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return m.what(what)
}

// options reads what stands behind commas, from the end on, as words to be
// written may have commas, too. It returns what is left.
func (m *markFlag) options(s string) (what string, err error) {
	var seen []string
	for {
		comma := strings.LastIndexByte(s, ',')
		if comma < 0 {
			return s, nil
		}
		name, value, _ := strings.Cut(s[comma+1:], "_")
		read, known := markOptions[name]
		if !known {
			return s, nil
		}
		if slices.Contains(seen, name) {
			return "", fmt.Errorf("%s is given twice", name)
		}
		if err := read(&m.Watermark, value); err != nil {
			return "", fmt.Errorf("%s: %w", s[comma+1:], err)
		}
		seen, s = append(seen, name), s[:comma]
	}
}

// what takes the words, or the file's name.
func (m *markFlag) what(s string) error {
	words, isText := strings.CutPrefix(s, "text:")
	switch {
	case isText && strings.TrimSpace(words) == "":
		return fmt.Errorf("%s: there are no words to write", m.Name)
	case isText:
		m.setText(words)
		return nil
	case m.Font != "" || m.Color.Set:
		return fmt.Errorf("%s: font and color are for text:WORDS", m.Name)
	}
	if file, option, more := strings.Cut(s, ","); more {
		return fmt.Errorf("%s: %q after %q is none of g_, opacity_, scale_, margin_ and tile", m.Name, option, file)
	}
	m.file = s
	return nil
}

func (m *markFlag) setText(words string) {
	m.Text = words
	if m.Font == "" {
		m.Font = "sans"
	}
	if !m.Color.Set {
		m.Color = variant.Color{R: 255, G: 255, B: 255, A: 255, Set: true}
	}
}

// markOptions are the options by name.
var markOptions = map[string]func(*vips.Watermark, string) error{
	"g":       readMarkGravity,
	"opacity": func(w *vips.Watermark, s string) error { return readPercent(&w.Opacity, s) },
	"scale":   func(w *vips.Watermark, s string) error { return readPercent(&w.Scale, s) },
	"margin":  readMargin,
	"color":   readMarkColor,
	"tile": func(w *vips.Watermark, s string) error {
		if s != "" {
			return errors.New("takes no value")
		}
		w.Tile = true
		return nil
	},
	"font": func(w *vips.Watermark, s string) error {
		if strings.TrimSpace(s) == "" {
			return errors.New("needs a name, such as font_sans bold")
		}
		w.Font = s
		return nil
	},
}

func readMarkGravity(w *vips.Watermark, s string) error {
	v, err := variant.Parse("1x1,g_" + s)
	if err != nil || v.Gravity == variant.GravitySmart {
		return errors.New("must be one of center, n, ne, e, se, s, sw, w, nw")
	}
	w.Gravity = v.Gravity
	return nil
}

func readMarkColor(w *vips.Watermark, s string) error {
	v, err := variant.Parse("bg_" + s)
	if err != nil || len(s) != len("RRGGBB") {
		return errors.New("must be a colour as RRGGBB, in hexadecimal and lower case")
	}
	w.Color = v.Background
	return nil
}

func readPercent(part *float64, s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 100 {
		return errors.New("must be percent, from 1 to 100")
	}
	*part = float64(n) / 100
	return nil
}

// maxMargin is more than there is to any margin.
const maxMargin = 1000

func readMargin(w *vips.Watermark, s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > maxMargin {
		return fmt.Errorf("must be pixels, from 0 to %d", maxMargin)
	}
	w.Margin = n
	return nil
}

// watermarks reads the files.
func (f *pictureFlags) watermarks() ([]vips.Watermark, error) {
	var marks []vips.Watermark
	for _, m := range f.Watermark {
		if slices.ContainsFunc(marks, func(w vips.Watermark) bool { return w.Name == m.Name }) {
			return nil, fmt.Errorf("there are two with the name %s", m.Name)
		}
		if m.file != "" {
			image, err := readMark(m.file, f.set())
			if err != nil {
				return nil, fmt.Errorf("%s: %w", m.Name, err)
			}
			m.Image = image
		}
		marks = append(marks, m.Watermark)
	}
	return marks, nil
}

// maxMarkBytes is more than a logo has.
const maxMarkBytes = 16 << 20

// readMark reads the file of a watermark. SVGs are taken where they are read.
func readMark(file string, read resize.Formats) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	image, err := io.ReadAll(io.LimitReader(f, maxMarkBytes+1))
	if err != nil {
		return nil, err
	}
	if len(image) > maxMarkBytes {
		return nil, fmt.Errorf("%s has more than %d bytes", file, maxMarkBytes)
	}
	formats := resize.FormatsOf(variant.PNG, variant.WebP, variant.JPEG) | read&resize.FormatsOf(variant.SVG)
	if _, err := resize.Inspect(context.Background(), bytes.NewReader(image), int64(len(image)), formats); err != nil {
		return nil, fmt.Errorf("%s is no PNG, WebP or JPEG that can be read, nor with --svg an SVG", file)
	}
	return image, nil
}

// fingerprint changes with everything that decides how a watermark looks.
func fingerprint(w vips.Watermark) string {
	text, err := json.Marshal(w)
	if err != nil {
		panic(err) // strings, numbers and bytes always marshal
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}
