package settings

import (
	"errors"
	"fmt"
	"time"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/exit"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/values"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// LimitFlags bound what may be requested, and what it may cost.
type LimitFlags struct {
	LinkFlags
	permitFlags
	FormatFlags
	WorkerFlags

	MaxBytes      values.Amount `min:"1" default:"64MiB" help:"Largest original that is fetched."`
	MaxPixels     values.Amount `min:"1" default:"100M" help:"Most pixels of one picture, and of all that are made at once."`
	MaxFrames     int           `min:"1" default:"500" help:"Most frames of an animation; of longer ones, only the URL option still gives a picture."`
	ResizeTimeout time.Duration `min:"1ms" default:"20s" help:"Time limit for making one picture once its original is there, including the queue; then its process is killed, and the response is 503. Fetching has its own limit, --fetch-timeout."`
	Fetches       int           `min:"1" default:"32" help:"How many originals are fetched at once. As many as --queue may wait."`
	Queue         int           `serving:"" min:"0" default:"100" help:"How many pictures may wait to be made; more are refused with 503."`
}

// Validate refuses sizes that nothing can have, and to serve presets only where there are none.
func (f *LimitFlags) Validate() error {
	for _, s := range f.Sizes {
		if s < 1 || s > variant.MaxSide {
			return fmt.Errorf("--sizes: %d is not a width or height from 1 to %d", s, variant.MaxSide)
		}
	}
	if f.PresetsOnly && len(f.Preset) == 0 {
		return errors.New("--presets-only: there are no presets: give --preset, too")
	}
	return nil
}

// Signed reports that only signed URLs are served.
func (f *LimitFlags) Signed() bool { return len(f.Key) > 0 }

// Limits are what URLs may ask for.
func (f *LimitFlags) Limits() variant.Limits {
	return variant.Limits{Sizes: f.Sizes, PresetsOnly: f.PresetsOnly, Signed: f.Signed()}
}

// VersionLimit is --max-versions, but 0, any number, where URLs are signed: no client can
// invent versions then.
func (f *LimitFlags) VersionLimit() int {
	if f.Signed() {
		return 0
	}
	return f.MaxVersions
}

// LinkFlags decide how URLs are written, and which are accepted.
type LinkFlags struct {
	Key    []string `serving:"" secret:"" placeholder:"KID:SECRET" sep:" " help:"Key that URLs are signed with; only signed ones are served then. Repeatable: the first signs, all are accepted. A secret has no spaces. Best set in the environment."`
	Preset []string `placeholder:"NAME=OPTIONS" sep:" " help:"Name for options, for example thumb=300x200,f_auto. Repeatable."`
}

// Keyring has the keys of --key. Its errors are marked by exit.Usage.
func (f *LinkFlags) Keyring() (*variant.Keyring, error) {
	ring := &variant.Keyring{}
	for _, k := range f.Key {
		if err := ring.Add(k); err != nil {
			return nil, exit.Usage(fmt.Errorf("--key: %w", err))
		}
	}
	return ring, nil
}

// Presets are those of --preset. Its errors are marked by exit.Usage.
func (f *LinkFlags) Presets() (variant.Presets, error) {
	presets := variant.Presets{}
	for _, p := range f.Preset {
		if err := presets.Add(p); err != nil {
			return nil, exit.Usage(fmt.Errorf("--preset: %w", err))
		}
	}
	return presets, nil
}

// permitFlags bound what URLs may ask for.
type permitFlags struct {
	Sizes       []int `placeholder:"PIXELS" help:"The only widths and heights that may be requested outside presets, for example 300,600. The option v_ is then refused, too, unless URLs are signed."`
	PresetsOnly bool  `help:"Serve nothing but presets, raw and info. The option v_ is then refused with these two, unless URLs are signed."`
	MaxVersions int   `serving:"" min:"0" default:"16" help:"How many versions (v_) of one picture are fetched within an hour, unless URLs are signed. One more is refused with 429; what is cached is served. 0 is any number."`
}

// FormatFlags say which originals pictures are made of; serve, prime, doctor and
// version share them.
type FormatFlags struct {
	Formats values.Formats `default:"jpeg,png,webp,avif,heic,gif,tiff,jxl,svg" help:"Formats of originals that pictures are made of. A file of another format is recognized by its first bytes and refused (415) before anything decodes it."`
	SVG     *bool          `name:"svg" negatable:"" help:"Add svg to --formats, or leave it out."`
	JP2     bool           `name:"jp2" env:"THUMBERY_JP2" negatable:"" help:"Add jp2, which is JPEG 2000, to --formats. OpenJPEG has had heap overflows: only for files of people you trust. Within TIFF it is always refused."`
	PDF     bool           `name:"pdf" negatable:"" help:"Add pdf to --formats. The format is vast, and so is its reader: only for files of people you trust."`
}

// FormatSet returns the formats to read, as far as libvips supports them.
func (f *FormatFlags) FormatSet() header.Formats {
	s := header.Formats(f.Formats)
	if f.SVG != nil {
		s = s.Without(variant.SVG)
		if *f.SVG {
			s = s.With(variant.SVG)
		}
	}
	if f.JP2 {
		s = s.With(variant.JP2)
	}
	if f.PDF {
		s = s.With(variant.PDF)
	}
	return s
}
