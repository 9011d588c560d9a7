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
*/
import "C"

import "github.com/h2non/bimg"

// configure sets what libvips keeps once for the whole process. Importing bimg
// has started libvips.
func configure(concurrency int) {
	C.allow_loaders()
	C.drop_warnings()
	C.vips_concurrency_set(C.int(concurrency))
	// Every picture comes once: the operation cache would only hold memory.
	bimg.VipsCacheSetMax(0)
	bimg.VipsCacheSetMaxMem(0)
}

// libraryVersion is that of the libvips that is running, which need not be the
// one that was compiled against.
func libraryVersion() string { return C.GoString(C.vips_version_string()) }
