package engine

import (
	"fmt"

	"github.com/thumbery/thumbery/resize/header"
)

// Capabilities are what an engine tells about itself. They do not change while it runs.
type Capabilities struct {
	Recipe string         // that of resize.Resizer
	Reads  header.Formats // what can be resized
	Writes header.Formats // what can be asked for
	Versions
	Speed Speed
}

// Versions lists the parts of an engine.
type Versions struct {
	Bimg     string // the Go binding
	Libvips  string // the library that is running
	Compiled string // the library that was compiled against
	// LibraryReads and LibraryWrites are what this build of libvips has loaders
	// and savers for, most of which the engine leaves alone. AVIF and HEIC share
	// theirs, which need not have both codecs.
	LibraryReads, LibraryWrites header.Formats
}

// Fast is the first minor version of libvips 8 that needs the least CPU: its
// predecessors, 8.14 above all, take 8 to 120% more for a picture.
const Fast = 18

// Speed tells whether libvips needs more CPU for a picture than it could.
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
