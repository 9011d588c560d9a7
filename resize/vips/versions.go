package vips

import (
	"fmt"
	"strings"

	"github.com/h2non/bimg"
	"github.com/thumbery/thumbery/resize/vips/op"
	"github.com/thumbery/thumbery/variant"
)

// Version lists the parts of an engine.
type Version struct {
	Bimg     string           // the Go binding
	Libvips  string           // the library that is running
	Compiled string           // the library that was compiled against
	Readable []variant.Format // what can be resized
	Writable []variant.Format // what can be asked for
	// LibraryReads and LibraryWrites are what this build of libvips has loaders
	// and savers for, most of which the engine leaves alone. AVIF and HEIC share
	// theirs, which need not have both codecs.
	LibraryReads, LibraryWrites []variant.Format
}

// Versions returns the parts of e.
func (e *Engine) Versions() Version {
	return Version{
		Bimg: bimg.Version, Libvips: op.LibraryVersion(), Compiled: op.CompiledVersion(),
		Readable:      e.readable.List(),
		Writable:      append([]variant.Format(nil), e.writable...),
		LibraryReads:  libraryHas("load"),
		LibraryWrites: libraryHas("save"),
	}
}

// libraryHas returns the formats for which libvips has a "load" or a "save" operation.
func libraryHas(verb string) (has []variant.Format) {
	for _, l := range loaders {
		if op.Has(strings.Replace(l.operation, "load", verb, 1)) {
			has = append(has, l.format)
		}
	}
	return has
}

// Fast is the first minor version of libvips 8 that needs the least CPU: its
// predecessors, 8.14 above all, take 8 to 120% more for a picture.
const Fast = 18

// Speed tells whether this libvips needs more CPU for a picture than it could.
type Speed struct {
	// Old reports a libvips before 8.18.
	Old bool
	// SIMD reports that vector instructions are used. They are not where libvips
	// was built without highway (or, before 8.15, Orc), or VIPS_NOVECTOR is set.
	SIMD bool
	// Target is the best set of vector instructions in use, such as AVX2; empty
	// where libvips cannot tell.
	Target string
}

// Speed asks the libvips that is running.
func (e *Engine) Speed() Speed {
	major, minor := op.Version()
	s := Speed{Old: major == 8 && minor < Fast}
	s.SIMD, s.Target = op.SIMD()
	return s
}

// String is one line for people.
func (s Speed) String() string {
	switch {
	case !s.SIMD:
		return "without SIMD"
	case s.Target == "":
		return "with SIMD"
	}
	return fmt.Sprintf("with SIMD (%s)", s.Target)
}

// Advice says what would make libvips faster; nothing if it is as fast as can be.
// The figures are for photographs and PNGs made 300 and 1200 pixels wide.
func (s Speed) Advice() string {
	switch {
	case !s.SIMD:
		return "libvips runs without SIMD, which takes a third more CPU for small results and three times as much for large ones: use one built with highway, and do not set VIPS_NOVECTOR"
	case s.Old:
		return fmt.Sprintf("libvips 8.%d takes 7%% (small JPEGs) to 54%% (PNGs) less CPU for a picture than 8.14: on Debian 12, make vips builds a newer one", Fast)
	}
	return ""
}
