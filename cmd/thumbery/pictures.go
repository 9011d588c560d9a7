package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/vips"
	"github.com/thumbery/thumbery/resize/watermark"
	"github.com/thumbery/thumbery/variant"
)

// pictureFlags say what pictures come out, and how much one may cost.
type pictureFlags struct {
	formatFlags

	Format        string                `enum:"keep,jpeg,auto" default:"keep" help:"What comes out where the URL does not say it: keep the original's format, jpeg, or auto, as if every URL had f_auto."`
	Auto          autoFlag              `default:"avif,webp" help:"What f_auto may choose, besides JPEG and PNG, for browsers that take it: avif,webp, one of them, or none."`
	AVIFMaxPixels amount                `name:"avif-max-pixels" default:"512Ki" help:"The largest picture, in pixels, for which f_auto chooses AVIF, which takes several times as long to make as WebP; larger ones become WebP."`
	AVIFSpeed     int                   `name:"avif-speed" default:"${avif_speed}" help:"How fast AVIF is made, from 1 (slow, fewer bytes) to 9 (fast)."`
	Quality       []qualityFlag         `default:"jpeg=80,webp=79,avif=60" help:"Quality from 1 to 100 where the URL does not say it. The formats' scales differ: these look about alike."`
	Sharpen       bool                  `default:"true" negatable:"" help:"Sharpen mildly what shrinks to a quarter of its width or less, up to 512x512, unless the URL has sharp, blur or pixel."`
	ClientHints   bool                  `help:"Let f_auto heed what browsers tell of a picture's place (Sec-CH-DPR, Sec-CH-Width, DPR, Width) where the URL says no dpr, or neither width nor height."`
	Watermark     []watermark.Watermark `placeholder:"NAME=FILE[,OPTION…]" sep:";" help:"A picture, or NAME=text:WORDS, that wm_NAME puts on. Options: g_se (where), opacity_50 and scale_25 (percent), margin_10, tile; for text font_sans bold and color_ffffff. Repeatable; in the environment separated by semicolons."`

	Mezzanine     int    `default:"${mezzanine}" help:"About the longest side of the smaller copy that is kept of every large original, and that most pictures are made of; 0 for none."`
	MezzanineOver amount `default:"${mezzanine_over}" help:"How many pixels an original has more than that has one."`

	MaxPixels     amount        `default:"100M" help:"The most pixels of a picture, and of all that are made at once."`
	MaxFrames     int           `default:"500" help:"The most frames of an animation that is made as one; of longer ones, still gives the first."`
	ResizeTimeout time.Duration `default:"20s" help:"How long one picture may take to make, from when it is its turn; then it is stopped, and the answer is 503."`
	OnBroken      string        `enum:"refuse,serve" default:"refuse" help:"What to do about files that are cut short or damaged: refuse them (422), or serve what is there, which is never kept."`
	Engine        string        `enum:"auto,bimg,vips" default:"auto" help:"What makes pictures: libvips called directly (vips), bimg where it can, or auto, bimg where it is as good."`
}

// minMezzanine is the least side that anything is made of: half of it.
const minMezzanine = 128

// validate says what is wrong with a number.
func (f *pictureFlags) validate() error {
	switch {
	case f.MaxPixels == 0:
		return errors.New("--max-pixels: must be more than 0")
	case f.Mezzanine != 0 && (f.Mezzanine < minMezzanine || f.Mezzanine > variant.MaxSide):
		return fmt.Errorf("--mezzanine: must be from %d to %d, or 0 for none", minMezzanine, variant.MaxSide)
	case f.MaxFrames < 1:
		return errors.New("--max-frames: must be 1 or more")
	case f.ResizeTimeout <= 0:
		return errors.New("--resize-timeout: must be more than 0")
	case f.AVIFMaxPixels == 0:
		return errors.New("--avif-max-pixels: must be more than 0; for no AVIF give --auto webp")
	case f.AVIFSpeed < 1 || f.AVIFSpeed > 9:
		return errors.New("--avif-speed: must be from 1 to 9")
	}
	return nil
}

// engine prepares libvips, and reads the watermarks.
func (f *pictureFlags) engine() (*vips.Engine, []watermark.Watermark, error) {
	marks, err := f.watermarks()
	if err != nil {
		return nil, nil, usage(fmt.Errorf("--watermark: %w", err))
	}
	engine, err := vips.New(vips.Config{
		Engine: vips.Choice(f.Engine), AVIFSpeed: f.AVIFSpeed, Formats: f.set(), Lenient: f.servesBroken(), Watermarks: marks,
	})
	return engine, marks, err
}

// watermarks are those of --watermark, with their images.
func (f *pictureFlags) watermarks() (marks []watermark.Watermark, err error) {
	for _, m := range f.Watermark {
		if slices.ContainsFunc(marks, func(w watermark.Watermark) bool { return w.Name == m.Name }) {
			return nil, fmt.Errorf("there are two with the name %s", m.Name)
		}
		if err := m.Load(f.set()); err != nil {
			return nil, fmt.Errorf("%s: %w", m.Name, err)
		}
		marks = append(marks, m)
	}
	return marks, nil
}

func (f *pictureFlags) settings(engine *vips.Engine, marks []watermark.Watermark) resize.Settings {
	s := resize.Settings{
		MaxPixels: int64(f.MaxPixels), MaxFrames: f.MaxFrames, Quality: map[variant.Format]int{},
		Auto: f.Auto.formats, AVIFMaxPixels: int64(f.AVIFMaxPixels), Restore: f.Sharpen,
		Watermarks: map[string]string{}, CanWrite: engine.CanWrite,
		MezzanineSide: f.Mezzanine, MezzanineOver: int64(f.MezzanineOver),
	}
	for _, q := range f.Quality {
		s.Quality[q.format] = q.quality
	}
	for _, m := range marks {
		s.Watermarks[m.Name] = m.Fingerprint()
	}
	return s
}

// format is what comes out where the URL does not say it.
func (f *pictureFlags) format() variant.Format {
	switch f.Format {
	case "jpeg":
		return variant.JPEG
	case "auto":
		return variant.FormatAuto
	}
	return variant.FormatKeep
}

func (f *pictureFlags) servesBroken() bool { return f.OnBroken == "serve" }

// checkPresets refuses presets that no picture could be made by.
func checkPresets(presets variant.Presets, s resize.Settings) error {
	for name, v := range presets {
		if _, known := s.Watermarks[v.Watermark]; v.Watermark != "" && !known {
			return usage(fmt.Errorf("--preset %s: there is no watermark %q: give --watermark %s=FILE, too", name, v.Watermark, v.Watermark))
		}
		if v.Format > variant.FormatAuto && !s.CanWrite(v.Format) {
			return usage(fmt.Errorf("--preset %s: this libvips does not write %v", name, v.Format))
		}
	}
	return nil
}

// autoFlag is what f_auto may choose, a list or "none".
type autoFlag struct{ formats []variant.Format }

func (a *autoFlag) UnmarshalText(text []byte) error {
	a.formats = []variant.Format{}
	if string(text) == "none" {
		return nil
	}
	for word := range strings.SplitSeq(string(text), ",") {
		f, err := variant.ParseFormat(word)
		if err != nil || f != variant.AVIF && f != variant.WebP {
			return fmt.Errorf("%q is not one of avif and webp; with a comma between them, or none", word)
		}
		a.formats = append(a.formats, f)
	}
	return nil
}
