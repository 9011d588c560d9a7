package vips

/*
#cgo pkg-config: vips
#include <vips/vips.h>
#include <vips/vector.h>

#define HAS_TARGETS (VIPS_MAJOR_VERSION > 8 || VIPS_MINOR_VERSION >= 16)

// fastest is the best set of vector instructions that libvips was built with and
// this CPU has; highway counts the better ones from the lowest bit. NULL where
// libvips cannot tell.
static const char *fastest(void)
{
#if HAS_TARGETS
	gint64 targets = vips_vector_get_supported_targets();

	return targets ? vips_vector_target_name(targets & -targets) : NULL;
#else
	return NULL;
#endif
}
*/
import "C"

import "fmt"

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
	s := Speed{
		Old:  C.vips_version(0) == 8 && C.vips_version(1) < Fast,
		SIMD: C.vips_vector_isenabled() != 0,
	}
	if name := C.fastest(); s.SIMD && name != nil {
		s.Target = C.GoString(name)
	}
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
