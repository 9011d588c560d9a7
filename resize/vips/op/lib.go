package op

/*
#cgo pkg-config: vips
// So that modules of libvips, too, take the functions of jxl.c.
#cgo LDFLAGS: -rdynamic
#include <stdlib.h>
#include "shim.h"
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

import (
	"fmt"
	"unsafe"
)

// Configure applies the settings that libvips has once for the whole process, and allows
// the loaders and savers with these names of classes in C.
func Configure(classes []string) error {
	if C.shim_start() != 0 {
		return fmt.Errorf("vips: libvips does not start: %s", takeErrorText())
	}
	for _, class := range classes {
		name := C.CString(class)
		C.shim_allow(name)
		C.free(unsafe.Pointer(name))
	}
	return nil
}

// Has reports whether this build of libvips has an operation, blocked
// or not.
func Has(name string) bool {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	return C.shim_has(c) != 0
}

// LibraryVersion is that of the libvips that is running, which need not be the
// one that was compiled against.
func LibraryVersion() string { return C.GoString(C.vips_version_string()) }

// CompiledVersion is that of the libvips that was compiled against.
func CompiledVersion() string { return C.VIPS_VERSION }

// Version is that of the libvips that is running.
func Version() (major, minor int) { return int(C.vips_version(0)), int(C.vips_version(1)) }

// SIMD reports whether vector instructions are used, and their best set, such as AVX2;
// "" where libvips cannot tell.
func SIMD() (used bool, target string) {
	if C.vips_vector_isenabled() == 0 {
		return false, ""
	}
	if name := C.fastest(); name != nil {
		target = C.GoString(name)
	}
	return true, target
}
