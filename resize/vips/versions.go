package vips

import (
	"github.com/h2non/bimg"

	"github.com/thumbery/thumbery/variant"
)

// Version is what an engine is made of.
type Version struct {
	Bimg     string           // the Go binding
	Libvips  string           // the library that is running
	Compiled string           // the library that was compiled against
	Readable []variant.Format // what can be resized
	Writable []variant.Format // what can be asked for
}

// Versions tells what e is made of.
func (e *Engine) Versions() Version {
	return Version{
		Bimg: bimg.Version, Libvips: libraryVersion(), Compiled: bimg.VipsVersion,
		Readable: append([]variant.Format(nil), e.readable...),
		Writable: append([]variant.Format(nil), e.writable...),
	}
}
