package vips

import (
	"strings"

	"github.com/h2non/bimg"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/vips/op"
)

// Capabilities tells what e can do, and what it is made of.
func (e *Engine) Capabilities() engine.Capabilities {
	return engine.Capabilities{
		Recipe: e.Recipe(), Reads: e.readable, Writes: e.writable, Speed: speed(),
		Versions: engine.Versions{
			Bimg: bimg.Version, Libvips: op.LibraryVersion(), Compiled: op.CompiledVersion(),
			LibraryReads: libraryHas("load"), LibraryWrites: libraryHas("save"),
		},
	}
}

// libraryHas returns the formats for which libvips has a "load" or a "save" operation.
func libraryHas(verb string) (has header.Formats) {
	for f, l := range loaders {
		if op.Has(strings.Replace(l.operation, "load", verb, 1)) {
			has = has.With(f)
		}
	}
	return has
}

// old reports a libvips before 8.18.
func old() bool {
	major, minor := op.Version()
	return major == 8 && minor < engine.Fast
}

// speed asks the libvips that is running.
func speed() engine.Speed {
	s := engine.Speed{Old: old()}
	s.SIMD, s.Target = op.SIMD()
	return s
}
