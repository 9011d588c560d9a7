package op

/*
#cgo pkg-config: vips
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// Configure sets what libvips keeps once for the whole process, and lets those
// loaders run that classes names in C.
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
