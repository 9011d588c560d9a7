package main

/*
#define _GNU_SOURCE // RTLD_DEFAULT
#include <dlfcn.h>
#include <stdlib.h>

// The functions of fontconfig are called as the libvips that is running has them, so that
// its headers are not needed to build, and one without text works, too.
typedef void List;
typedef List *(*Lister)(void *config);
typedef char *(*Next)(List *);
typedef void (*Done)(List *);

// list_of returns what one of fontconfig's functions lists of the configuration in use,
// NULL if there is no fontconfig.
static List *list_of(const char *function)
{
	Lister list = (Lister) dlsym(RTLD_DEFAULT, function);

	return list ? list(NULL) : NULL;
}

static char *next_of(List *list) { return ((Next) dlsym(RTLD_DEFAULT, "FcStrListNext"))(list); }

static void done_with(List *list) { ((Done) dlsym(RTLD_DEFAULT, "FcStrListDone"))(list); }
*/
import "C"

import (
	"cmp"
	"path/filepath"
	"slices"
	"unsafe"

	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/watermark"
	"github.com/thumbery/thumbery/variant"
)

// libraries are the directories of libraries of the systems there are.
var libraries = []string{"/usr/lib", "/usr/lib64", "/usr/lib/*-linux-*", "/usr/local/lib"}

// reads lists the files and directories that libraries open as late as when they draw a
// picture that needs them. Where no text is drawn there are none.
func reads(c engine.Config) (all []string) {
	formats := cmp.Or(c.Formats, header.DefaultFormats)
	text := slices.ContainsFunc(c.Watermarks, func(w watermark.Watermark) bool { return w.Text != "" })
	svg, pdf := formats.Has(variant.SVG), formats.Has(variant.PDF)
	if text || svg || pdf {
		all = append(all, fonts()...)
	}
	if svg { // character sets of XML, and pictures within drawings
		for _, dir := range libraries {
			sets, _ := filepath.Glob(dir + "/gconv") // fails only for patterns that are wrong
			loaders, _ := filepath.Glob(dir + "/gdk-pixbuf-2.0")
			all = slices.Concat(all, sets, loaders)
		}
	}
	if pdf { // character sets
		all = append(all, "/usr/share/poppler")
	}
	return all
}

// fonts lists what fontconfig reads: its configuration, its caches and the fonts.
func fonts() (all []string) {
	for _, function := range []string{"FcConfigGetConfigFiles", "FcConfigGetCacheDirs", "FcConfigGetFontDirs"} {
		name := C.CString(function)
		list := C.list_of(name)
		C.free(unsafe.Pointer(name))
		if list == nil {
			continue
		}
		for s := C.next_of(list); s != nil; s = C.next_of(list) {
			all = append(all, C.GoString(s))
		}
		C.done_with(list)
	}
	return all
}
