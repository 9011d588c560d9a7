package main

// libvips opens all of its modules when it starts. Two of them have no formats that
// Thumbery reads, but ImageMagick and OpenSlide, with some thirty libraries: they take 4 ms
// of the start of each worker, and memory, and are better not in the reach of a picture.
//
// libvips opens a module by a function of GLib's, and the dynamic linker takes that of the
// program before that of a library.

/*
#define _GNU_SOURCE // RTLD_NEXT
#include <dlfcn.h>
#include <string.h>

typedef struct Module Module; // GLib's GModule

Module *g_module_open(const char *path, int flags)
{
	static Module *(*open)(const char *, int);

	if (!open)
		*(void **) &open = dlsym(RTLD_NEXT, "g_module_open");
	// NULL is the program itself: an error would be a line in the log of every start.
	if (path && (strstr(path, "/vips-magick.") || strstr(path, "/vips-openslide.")))
		path = NULL;
	return open(path, flags);
}
*/
import "C"
