package vips

import (
	"fmt"

	"github.com/thumbery/thumbery/resize/vips/op"
)

// Fast is the first minor version of libvips 8 that needs the least CPU: its
// predecessors, 8.14 above all, take 8 to 120% more for a picture.
const Fast = 18

// Speed is what decides how much CPU this libvips needs for a picture.
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
