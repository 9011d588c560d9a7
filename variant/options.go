package variant

import (
	"fmt"
	"strconv"
	"strings"
)

// option is an option of the URL language. Its place in the table is its place in the
// canonical spelling.
type option struct {
	name  string
	usage string // how it is written
	help  string // what it means, for docs, forms and --explain
	takes Values
	parse func(v *Variant, args string) error
	// print returns the values in the form of parse, without the name; ok is false if the
	// option is not set.
	print func(v *Variant) (args string, ok bool)
}

// Values says what an option takes, for forms.
type Values struct {
	Kind ValueKind `json:"kind"`
	// Min and Max bound numbers.
	Min float64 `json:"min,omitempty"`
	Max float64 `json:"max,omitempty"`
	// Words are the values of Word, and Meanings what some of them mean.
	Words    []string          `json:"words,omitempty"`
	Meanings map[string]string `json:"meanings,omitempty"`
	// Optional says that the name alone is enough.
	Optional bool `json:"optional,omitempty"`
}

// ValueKind is a kind of values.
type ValueKind string

// The kinds of values.
const (
	Flag      ValueKind = "flag"      // none: the name is all
	Whole     ValueKind = "whole"     // a whole number
	Decimal   ValueKind = "decimal"   // a number
	Word      ValueKind = "word"      // one of a list
	Point     ValueKind = "point"     // X_Y, each from 0 to 1
	Rectangle ValueKind = "rectangle" // X_Y_W_H, each in pixels or percent
	Colour    ValueKind = "colour"    // RRGGBB or RRGGBBAA
	Text      ValueKind = "text"      // letters, digits and ._-
)

// options are the URL language in canonical order. Sizes such as "300x200", which have no
// name, precede them. From crop to wm it is also the order in which they are applied;
// resizing comes between trim and the effects.
var options = []option{
	{"w", "w_300", "width in CSS pixels", Values{Kind: Whole, Min: 1, Max: MaxSide}, parseWidth, never},
	{"h", "h_200", "height in CSS pixels", Values{Kind: Whole, Min: 1, Max: MaxSide}, parseHeight, never},
	decimalOption("dpr_2", "device pixels for each CSS pixel", 0.1, 8, func(v *Variant) *float64 { return &v.DPR }),
	{"up", "up_1", "may be made larger than the original", Values{Kind: Word, Words: []string{"0", "1"}}, parseEnlarge, func(v *Variant) (string, bool) {
		return "1", v.Enlarge
	}},
	wordOption("fit_contain", "how the picture is brought into the box: ", fitWords, func(v *Variant) *Fit { return &v.Fit }),
	wordOption("g_ne", "what to keep when something is cut: ", gravityWords, func(v *Variant) *Gravity { return &v.Gravity }),
	{"fp", "fp_0.5_0.2", "focal point to keep, from 0_0 (left top) to 1_1", Values{Kind: Point, Max: 1}, parseFocal, printFocal},
	{"crop", "crop_10_10_200_100", "cut X_Y_W_H from the original first, in pixels or percent (10p)", Values{Kind: Rectangle, Max: maxLength}, parseCrop, printCrop},
	{"trim", "trim_10", "remove a plain border, that differs by at most so much", Values{Kind: Whole, Min: 1, Max: 255, Optional: true}, parseTrim, func(v *Variant) (string, bool) {
		return strconv.Itoa(v.Trim), v.Trim != 0
	}},
	wholeOption("pixel_12", "in coarse blocks of so many pixels", 2, 1000, func(v *Variant) *int { return &v.Pixelate }),
	decimalOption("blur_3", "blur, sigma 0.3 to 100", 0.3, 100, func(v *Variant) *float64 { return &v.Blur }),
	decimalOption("sharp_1", "sharpen, sigma 0.3 to 10", 0.3, 10, func(v *Variant) *float64 { return &v.Sharpen }),
	wholeOption("bright_20", "brighter or darker, -100 to 100", -100, 100, func(v *Variant) *int { return &v.Brightness }),
	wholeOption("contrast_20", "more or less contrast, -100 to 100", -100, 100, func(v *Variant) *int { return &v.Contrast }),
	wholeOption("sat_20", "more or less saturated, -100 to 100", -100, 100, func(v *Variant) *int { return &v.Saturation }),
	flagOption("gray", "without colour", func(v *Variant) *bool { return &v.Gray }),
	wholeOption("pad_20", "empty space on each side, in CSS pixels", 1, MaxSide, func(v *Variant) *int { return &v.Pad }),
	{"bg", "bg_ffcc00", "colour behind it, RRGGBB or RRGGBBAA", Values{Kind: Colour}, parseBackground, printBackground},
	{"rot", "rot_90", "turn clockwise by 90, 180 or 270 degrees", Values{Kind: Word, Words: turns}, parseRotate, func(v *Variant) (string, bool) {
		return strconv.Itoa(v.Rotate), v.Rotate != 0
	}},
	wordOption("flip_h", "mirror: ", flipWords, func(v *Variant) *Flip { return &v.Flip }),
	wholeOption("round_12", "round the corners, radius in CSS pixels", 1, MaxSide, func(v *Variant) *int { return &v.Round }),
	textOption("wm_logo", "put on the watermark of that name", func(v *Variant) *string { return &v.Watermark }),
	wordOption("f_webp", "the format: ", outputWords, func(v *Variant) *Format { return &v.Format }),
	wholeOption("q_80", "quality, 1 to 100", 1, 100, func(v *Variant) *int { return &v.Quality }),
	wholeOption("bytes_20000", "at most so many bytes", 100, 1<<30, func(v *Variant) *int { return &v.MaxBytes }),
	flagOption("lossless", "lossless, for webp, avif and jxl", func(v *Variant) *bool { return &v.Lossless }),
	flagOption("progressive", "a JPEG that loads in passes", func(v *Variant) *bool { return &v.Progressive }),
	wholeOption("page_2", "which page or frame, from 1", 1, 100_000, func(v *Variant) *int { return &v.Page }),
	flagOption("still", "the first frame only", func(v *Variant) *bool { return &v.Still }),
	{"dl", "dl_cat.jpg", "offer to save it, under that name", Values{Kind: Text, Optional: true}, parseDownload, func(v *Variant) (string, bool) {
		return v.DownloadName, v.Download
	}},
	textOption("v_2", "cache buster: another value, another file", func(v *Variant) *string { return &v.Version }),
}

// optionsByName is the table by name.
var optionsByName = func() map[string]*option {
	m := make(map[string]*option, len(options))
	for i := range options {
		m[options[i].name] = &options[i]
	}
	return m
}()

// never is the print of options that String writes in another way.
func never(*Variant) (string, bool) { return "", false }

// flagOption is an option without values.
func flagOption(name, help string, field func(*Variant) *bool) option {
	return option{
		name, name, help,
		Values{Kind: Flag},
		func(v *Variant, args string) error {
			if args != "" {
				return fmt.Errorf("takes no value")
			}
			*field(v) = true
			return nil
		},
		func(v *Variant) (string, bool) { return "", *field(v) },
	}
}

// wordOption is an option with one of the words of an enumeration.
func wordOption[T ~uint8](usage, help string, allowed words, field func(*Variant) *T) option {
	name := nameIn(usage)
	return option{
		name, usage, help + allowed.list(),
		Values{Kind: Word, Words: allowed.all()},
		func(v *Variant, s string) error { return word(field(v), s, allowed) },
		func(v *Variant) (string, bool) {
			spelled := allowed.spelling(int(*field(v)))
			return spelled, spelled != "" && spelled != withoutEffect[name]
		},
	}
}

// wholeOption is an option with a whole number, where 0 changes nothing and so is not
// written.
func wholeOption(usage, help string, low, high int, field func(*Variant) *int) option {
	return option{
		nameIn(usage), usage, help,
		Values{Kind: Whole, Min: float64(low), Max: float64(high)},
		func(v *Variant, s string) error { return whole(field(v), s, low, high) },
		func(v *Variant) (string, bool) { return strconv.Itoa(*field(v)), *field(v) != 0 },
	}
}

// decimalOption is an option with a number, of which 0 is none.
func decimalOption(usage, help string, low, high float64, field func(*Variant) *float64) option {
	return option{
		nameIn(usage), usage, help,
		Values{Kind: Decimal, Min: low, Max: high},
		func(v *Variant, s string) error { return decimal(field(v), s, low, high) },
		func(v *Variant) (string, bool) { return decimalString(*field(v)), *field(v) != 0 },
	}
}

// textOption is an option with a free value.
func textOption(usage, help string, field func(*Variant) *string) option {
	return option{
		nameIn(usage), usage, help,
		Values{Kind: Text},
		func(v *Variant, s string) error { return text(field(v), s) },
		func(v *Variant) (string, bool) { return *field(v), *field(v) != "" },
	}
}

// nameIn is the name of the option that usage is an example of.
func nameIn(usage string) string {
	name, _, _ := strings.Cut(usage, "_")
	return name
}

// withoutEffect are the values that change nothing, of options that have one. They are not
// printed.
var withoutEffect = map[string]string{
	"up": "0", "fit": "cover", "g": "center", "bright": "0", "contrast": "0", "sat": "0", "rot": "0",
}

// neutral returns the value without effect if given, an options segment, has it.
func (o *option) neutral(given string) (args string, ok bool) {
	args, ok = withoutEffect[o.name]
	return args, ok && strings.Contains(","+given, ","+o.name+"_")
}

// Option describes one option of the language, for manuals and forms.
type Option struct {
	Name  string `json:"name"`
	Usage string `json:"usage"`
	Help  string `json:"help"`
	// Group is the heading that the option stands under.
	Group string `json:"group"`
	Takes Values `json:"takes"`
}

// groups are the headings, by the first option that each has.
var groups = map[string]string{"w": "Size and crop", "pixel": "Effects", "pad": "Frame", "f": "Output"}

// Options lists the language in canonical order.
func Options() []Option {
	list := make([]Option, len(options))
	group := ""
	for i, o := range options {
		if first, ok := groups[o.name]; ok {
			group = first
		}
		for _, word := range o.takes.Words {
			if meaning, ok := meanings[o.name+"_"+word]; ok {
				if o.takes.Meanings == nil {
					o.takes.Meanings = map[string]string{}
				}
				o.takes.Meanings[word] = meaning
			}
		}
		list[i] = Option{o.name, o.usage, o.help, group, o.takes}
	}
	return list
}
