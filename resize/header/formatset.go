package header

import (
	"strings"

	"github.com/thumbery/thumbery/variant"
)

// Formats is a set of encodings. The zero value is the empty set.
type Formats uint32

const (
	// DefaultFormats are read unless the operator says otherwise. PDF and JPEG 2000, which
	// few need and whose decoders crash most, are not in it.
	DefaultFormats Formats = 1<<variant.JPEG | 1<<variant.PNG | 1<<variant.WebP | 1<<variant.AVIF |
		1<<variant.HEIC | 1<<variant.GIF | 1<<variant.SVG | 1<<variant.TIFF | 1<<variant.JXL
	// AllFormats are those that are recognised.
	AllFormats = DefaultFormats | 1<<variant.PDF | 1<<variant.JP2
	// Probed are those whose headers resize.Inspect has the engine read.
	Probed Formats = 1<<variant.SVG | 1<<variant.PDF | 1<<variant.TIFF | 1<<variant.JXL | 1<<variant.JP2
)

// FormatsOf returns a set of the given formats.
func FormatsOf(all ...variant.Format) Formats {
	var s Formats
	for _, f := range all {
		s |= 1 << f
	}
	return s
}

// Has reports whether f is in the set.
func (s Formats) Has(f variant.Format) bool { return s&(1<<f) != 0 }

// With returns the set with more formats added.
func (s Formats) With(more ...variant.Format) Formats { return s | FormatsOf(more...) }

// Without returns the set with some formats removed.
func (s Formats) Without(some ...variant.Format) Formats { return s &^ FormatsOf(some...) }

// List returns the formats of the set, in the order of variant's constants.
func (s Formats) List() (all []variant.Format) {
	for f := variant.Format(0); 1<<f <= s; f++ {
		if s.Has(f) {
			all = append(all, f)
		}
	}
	return all
}

// String lists the names, with commas between them.
func (s Formats) String() string {
	var names []string
	for _, f := range s.List() {
		names = append(names, f.String())
	}
	return strings.Join(names, ",")
}
