package main

import (
	"fmt"
	"slices"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/vips"
	"github.com/thumbery/thumbery/resize/watermark"
	"github.com/thumbery/thumbery/variant"
)

// engine prepares libvips, and reads the watermarks.
func (f *appFlags) engine() (*vips.Engine, []watermark.Watermark, error) {
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
func (f *appFlags) watermarks() (marks []watermark.Watermark, err error) {
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

func (f *appFlags) settings(engine *vips.Engine, marks []watermark.Watermark) resize.Settings {
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
