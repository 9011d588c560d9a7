package vips

/*
#cgo pkg-config: vips
#include <vips/vips.h>

#if VIPS_MAJOR_VERSION != 8 || VIPS_MINOR_VERSION < 14
#error "libvips 8.14 or a later 8.x is needed"
#endif

// Nothing but these loaders ever runs, whatever the bytes look like and
// whatever plug-ins are installed. TIFF is there for pictures between two
// passes, which we wrote ourselves.
static void allow_loaders(void) {
	vips_operation_block_set("VipsForeignLoad", TRUE);
	vips_operation_block_set("VipsForeignLoadJpeg", FALSE);
	vips_operation_block_set("VipsForeignLoadPng", FALSE);
	vips_operation_block_set("VipsForeignLoadWebp", FALSE);
	vips_operation_block_set("VipsForeignLoadNsgif", FALSE);
	vips_operation_block_set("VipsForeignLoadHeif", FALSE);
	vips_operation_block_set("VipsForeignLoadTiff", FALSE);
}

// A hostile picture makes libvips warn once for every row, and the standard
// error of a service is a log that people pay for. Errors still come back as
// errors.
static void drop(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer data) {}

static void drop_warnings(void) {
	g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING, drop, NULL);
}
// decodes reports whether loader gets all pixels out of what is in buf, with
// the options that bimg gives it.
static int decodes(const char *loader, void *buf, size_t len) {
	VipsBlob *blob = vips_blob_new(NULL, buf, len);
	VipsImage *image = NULL;
	double mean;
	int ok = vips_call(loader, blob, &image, "access", VIPS_ACCESS_RANDOM, NULL) == 0
		&& vips_avg(image, &mean, NULL) == 0;
	if (image)
		g_object_unref(image);
	vips_area_unref(VIPS_AREA(blob));
	vips_error_clear();
	vips_thread_shutdown();
	return ok;
}

static int has_operation(const char *name) {
	return vips_type_find("VipsOperation", name) != 0;
}
*/
import "C"

import (
	"runtime"
	"unsafe"

	"github.com/h2non/bimg"
)

// configure sets what libvips keeps once for the whole process. Importing bimg
// has started libvips.
func configure() {
	C.allow_loaders()
	C.drop_warnings()
	// Of many pictures at once, each is made fastest by one thread.
	C.vips_concurrency_set(1)
	// Every picture comes once: the operation cache would only hold memory.
	bimg.VipsCacheSetMax(0)
	bimg.VipsCacheSetMaxMem(0)
}

// decodes reports whether the operation loader, such as "pngload_buffer", gets
// all pixels out of src, with the leniency that bimg has.
func decodes(loader string, src []byte) bool {
	if len(src) == 0 {
		return false
	}
	runtime.LockOSThread() // what libvips keeps for a thread is given back on the same
	defer runtime.UnlockOSThread()
	name := C.CString(loader)
	defer C.free(unsafe.Pointer(name))
	return C.decodes(name, unsafe.Pointer(unsafe.SliceData(src)), C.size_t(len(src))) != 0
}

// hasOperation reports whether this build of libvips has an operation, blocked
// or not.
func hasOperation(name string) bool {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	return C.has_operation(c) != 0
}

// libraryVersion is that of the libvips that is running, which need not be the
// one that was compiled against.
func libraryVersion() string { return C.GoString(C.vips_version_string()) }
