package vips

import (
	"runtime"

	"github.com/h2non/bimg"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/vips/op"
	"github.com/thumbery/thumbery/variant"
)

// throughBimg makes a picture for which byBimg holds.
func throughBimg(src []byte, h header.Header, p resize.Plan) ([]byte, error) {
	defer op.EnterErrors().Leave()
	out, err := bimg.Resize(src, bimgOptions(h, p))
	// bimg gives libvips a pointer into src and lets go of src: libvips reads it
	// until the end, unseen by Go's garbage collector.
	runtime.KeepAlive(src)
	return out, err
}

// bimgOptions translates a plan. It is a pure function.
func bimgOptions(h header.Header, p resize.Plan) bimg.Options {
	o := bimg.Options{
		Width: p.ScaledW, Height: p.ScaledH,
		// Exactly these sides. With Crop besides, bimg works out its coarse
		// shrinking from the side that shrinks less; without, a fill that
		// squeezes one side would be shrunk too far on the other and blown up
		// again. Force turns the cropping itself off.
		Force: true, Crop: true,
		// Enlarging must not mix black into the edges.
		Extend:       bimg.ExtendCopy,
		NoAutoRotate: true, StripMetadata: true,
		Type: bimg.JPEG, Quality: p.Output.Quality, Interlace: p.Output.Progressive,
	}
	if p.Output.Format == variant.PNG {
		o.Type, o.Compression = bimg.PNG, pngCompression
	}
	if !p.CutsNothing() {
		o.Left, o.Top = p.Cut.Left, p.Cut.Top
		o.AreaWidth, o.AreaHeight = p.Cut.Width, p.Cut.Height
	}
	if h.ICC && !h.Gray {
		o.OutputICC = "srgb" // the name of a profile built into libvips
	}
	return o
}

// byBimg reports whether bimg makes a picture.
func (e *Engine) byBimg(h header.Header, p resize.Plan) bool { return e.config.WhyNotBimg(h, p) == "" }
