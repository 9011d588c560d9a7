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
	help  string // what it means, for docs and --explain
	parse func(v *Variant, args string) error
	// print returns the values in the form of parse, without the name; ok is false if the
	// option is not set.
	print func(v *Variant) (args string, ok bool)
}

// options are the URL language in canonical order. Sizes such as "300x200", which have no
// name, precede them. From crop to wm it is also the order in which they are applied;
// resizing comes between trim and the effects.
var options = []option{
	{"w", "w_300", "width in CSS pixels", parseWidth, never},
	{"h", "h_200", "height in CSS pixels", parseHeight, never},
	{
		"dpr", "dpr_2", "device pixels for each CSS pixel",
		func(v *Variant, s string) error { return decimal(&v.DPR, s, 0.1, 8) },
		func(v *Variant) (string, bool) { return decimalString(v.DPR), v.DPR != 0 },
	},
	{
		"up", "up_1", "may be made larger than the original",
		func(v *Variant, s string) error { return flag01(&v.Enlarge, s) },
		func(v *Variant) (string, bool) { return "1", v.Enlarge },
	},
	{
		"fit", "fit_contain", "how the picture is brought into the box: " + fitWords.list(),
		func(v *Variant, s string) error { return word(&v.Fit, s, fitWords) },
		printFit,
	},
	{
		"g", "g_ne", "what to keep when something is cut: " + gravityWords.list(),
		func(v *Variant, s string) error { return word(&v.Gravity, s, gravityWords) },
		func(v *Variant) (string, bool) {
			return gravityWords.at(int(v.Gravity)), v.Gravity != GravityCenter && v.Gravity != GravityFocal
		},
	},
	{"fp", "fp_0.5_0.2", "focal point to keep, from 0_0 (left top) to 1_1", parseFocal, printFocal},
	{"crop", "crop_10_10_200_100", "cut X_Y_W_H from the original first, in pixels or percent (10p)", parseCrop, printCrop},
	{
		"trim", "trim_10", "remove a plain border, that differs by at most so much",
		func(v *Variant, s string) error { return defaulted(&v.Trim, s, defaultTrim, 1, 255) },
		func(v *Variant) (string, bool) { return strconv.Itoa(v.Trim), v.Trim != 0 },
	},
	{
		"pixel", "pixel_12", "in coarse blocks of so many pixels",
		func(v *Variant, s string) error { return whole(&v.Pixelate, s, 2, 1000) },
		func(v *Variant) (string, bool) { return strconv.Itoa(v.Pixelate), v.Pixelate != 0 },
	},
	{
		"blur", "blur_3", "blur, sigma 0.3 to 100",
		func(v *Variant, s string) error { return decimal(&v.Blur, s, 0.3, 100) },
		func(v *Variant) (string, bool) { return decimalString(v.Blur), v.Blur != 0 },
	},
	{
		"sharp", "sharp_1", "sharpen, sigma 0.3 to 10",
		func(v *Variant, s string) error { return decimal(&v.Sharpen, s, 0.3, 10) },
		func(v *Variant) (string, bool) { return decimalString(v.Sharpen), v.Sharpen != 0 },
	},
	percentOption("bright", "brighter or darker, -100 to 100", func(v *Variant) *int { return &v.Brightness }),
	percentOption("contrast", "more or less contrast, -100 to 100", func(v *Variant) *int { return &v.Contrast }),
	percentOption("sat", "more or less saturated, -100 to 100", func(v *Variant) *int { return &v.Saturation }),
	flagOption("gray", "without colour", func(v *Variant) *bool { return &v.Gray }),
	{
		"pad", "pad_20", "empty space on each side, in CSS pixels",
		func(v *Variant, s string) error { return whole(&v.Pad, s, 1, MaxSide) },
		func(v *Variant) (string, bool) { return strconv.Itoa(v.Pad), v.Pad != 0 },
	},
	{"bg", "bg_ffcc00", "colour behind it, RRGGBB or RRGGBBAA", parseBackground, printBackground},
	{"rot", "rot_90", "turn clockwise by 90, 180 or 270 degrees", parseRotate, func(v *Variant) (string, bool) {
		return strconv.Itoa(v.Rotate), v.Rotate != 0
	}},
	{
		"flip", "flip_h", "mirror: h, v or hv",
		func(v *Variant, s string) error { return word(&v.Flip, s, flipWords) },
		func(v *Variant) (string, bool) { return flipWords[v.Flip], v.Flip != FlipNone },
	},
	{
		"round", "round_12", "round the corners, radius in CSS pixels",
		func(v *Variant, s string) error { return whole(&v.Round, s, 1, MaxSide) },
		func(v *Variant) (string, bool) { return strconv.Itoa(v.Round), v.Round != 0 },
	},
	{
		"wm", "wm_logo", "put on the watermark of that name",
		func(v *Variant, s string) error { return text(&v.Watermark, s) },
		func(v *Variant) (string, bool) { return v.Watermark, v.Watermark != "" },
	},
	{
		"f", "f_webp", "the format: " + outputWords.list(),
		func(v *Variant, s string) error { return word(&v.Format, s, outputWords) },
		func(v *Variant) (string, bool) { return outputWords[v.Format], v.Format != FormatKeep },
	},
	{
		"q", "q_80", "quality, 1 to 100",
		func(v *Variant, s string) error { return whole(&v.Quality, s, 1, 100) },
		func(v *Variant) (string, bool) { return strconv.Itoa(v.Quality), v.Quality != 0 },
	},
	{
		"bytes", "bytes_20000", "at most so many bytes",
		func(v *Variant, s string) error { return whole(&v.MaxBytes, s, 100, 1<<30) },
		func(v *Variant) (string, bool) { return strconv.Itoa(v.MaxBytes), v.MaxBytes != 0 },
	},
	flagOption("lossless", "lossless, for webp, avif and jxl", func(v *Variant) *bool { return &v.Lossless }),
	flagOption("progressive", "a JPEG that loads in passes", func(v *Variant) *bool { return &v.Progressive }),
	{
		"page", "page_2", "which page or frame, from 1",
		func(v *Variant, s string) error { return whole(&v.Page, s, 1, 100_000) },
		func(v *Variant) (string, bool) { return strconv.Itoa(v.Page), v.Page != 0 },
	},
	flagOption("still", "the first frame only", func(v *Variant) *bool { return &v.Still }),
	{"dl", "dl_cat.jpg", "offer to save it, under that name", parseDownload, func(v *Variant) (string, bool) {
		return v.DownloadName, v.Download
	}},
	{
		"v", "v_2", "cache buster: another value, another file",
		func(v *Variant, s string) error { return text(&v.Version, s) },
		func(v *Variant) (string, bool) { return v.Version, v.Version != "" },
	},
}

// optionsByName is the table by name.
var optionsByName = func() map[string]*option {
	m := make(map[string]*option, len(options))
	for i := range options {
		m[options[i].name] = &options[i]
	}
	return m
}()

// defaultTrim is what libvips' find_trim uses by default.
const defaultTrim = 10

// never is the print of options that String writes in another way.
func never(*Variant) (string, bool) { return "", false }

// flagOption is an option without values.
func flagOption(name, help string, field func(*Variant) *bool) option {
	return option{
		name, name, help,
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

// percentOption is an option with one whole number from -100 to 100, where 0
// changes nothing and so is not written.
func percentOption(name, help string, field func(*Variant) *int) option {
	return option{
		name, name + "_20", help,
		func(v *Variant, s string) error { return whole(field(v), s, -100, 100) },
		func(v *Variant) (string, bool) { return strconv.Itoa(*field(v)), *field(v) != 0 },
	}
}

// neutral returns the value that has no effect and is not printed, if given, an options
// segment, has it.
func (o *option) neutral(given string) (args string, ok bool) {
	args, ok = map[string]string{
		"up": "0", "fit": "cover", "g": "center", "bright": "0", "contrast": "0", "sat": "0", "rot": "0",
	}[o.name]
	return args, ok && strings.Contains(","+given, ","+o.name+"_")
}

// Option describes one option of the language, for manuals.
type Option struct{ Name, Usage, Help string }

// Options lists the language in canonical order.
func Options() []Option {
	list := make([]Option, len(options))
	for i, o := range options {
		list[i] = Option{o.name, o.usage, o.help}
	}
	return list
}
