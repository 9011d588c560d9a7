package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// formatFlags say which originals pictures are made of; serve, prime, doctor and
// version share them.
type formatFlags struct {
	Formats formatsFlag `default:"jpeg,png,webp,avif,heic,gif,tiff,jxl" help:"The formats that pictures are made of. A file of another one is known by its first bytes and refused (415), before anything decodes it."`
	SVG     bool        `name:"svg" negatable:"" help:"Add svg to --formats. What draws SVGs can crash, or work for minutes: for files of people you trust."`
	JP2     bool        `name:"jp2" env:"THUMBERY_JP2" negatable:"" help:"Add jp2, which is JPEG 2000, to --formats. OpenJPEG has had heap overflows: for files of people you trust. Within TIFF it is always refused."`
	PDF     bool        `name:"pdf" negatable:"" help:"Add pdf to --formats. The format is vast, and so is its reader: for files of people you trust."`
}

// set is what is read, if libvips can.
func (f *formatFlags) set() header.Formats {
	s := f.Formats.set
	if f.SVG {
		s = s.With(variant.SVG)
	}
	if f.JP2 {
		s = s.With(variant.JP2)
	}
	if f.PDF {
		s = s.With(variant.PDF)
	}
	return s
}

// formatsFlag is a list of formats, with commas between them.
type formatsFlag struct{ set header.Formats }

func (f *formatsFlag) UnmarshalText(text []byte) error {
	f.set = 0
	all := header.AllFormats.List()
	for name := range strings.SplitSeq(string(text), ",") {
		i := slices.IndexFunc(all, func(f variant.Format) bool { return f.String() == name })
		switch {
		case name == "auto":
			return errors.New(`"auto" is no format; what prime --formats auto did, prime --all-formats does`)
		case i < 0:
			return fmt.Errorf("%q is not one of %s", name, header.AllFormats)
		}
		f.set = f.set.With(all[i])
	}
	return nil
}
