package vips

import (
	"github.com/h2non/bimg"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

// passes are how a plan is carried out: bimg scales and cuts, and, where
// that is not all, finish lays the result on its canvas and bimg encodes it.
type passes struct {
	first bimg.Options
	// finish says that first gives an uncompressed TIFF, still turned as it was
	// stored, which finish and then last make the result of.
	finish bool
	last   bimg.Options
}

// newPasses translates a plan. It is a pure function.
func newPasses(h resize.Header, p resize.Plan) passes {
	w, height, cut := p.StoredPlan(h.Orientation)
	first := bimg.Options{
		Width: w, Height: height,
		// Exactly these sides. With Crop besides, bimg works out its coarse
		// shrinking from the side that shrinks less; without, a fill that
		// squeezes one side would be shrunk too far on the other and blown up
		// again. Force turns the cropping itself off.
		Force: true, Crop: true,
		// Enlarging must not mix black into the edges.
		Extend: bimg.ExtendCopy,
		// bimg turns a JPEG by encoding and decoding all of it again, and a
		// shrunk WebP not at all.
		NoAutoRotate: true,
	}
	if !p.CutsNothing() {
		first.Left, first.Top = cut.Left, cut.Top
		first.AreaWidth, first.AreaHeight = cut.Width, cut.Height
	}
	if icc(h) {
		first.OutputICC = "srgb" // the name of a profile built into libvips
	}
	last := encoding(p.Output)
	// bimg cannot turn and lay out, or not well, and flattening with it leaks and
	// refuses grey.
	if !p.Composed(h) {
		return passes{first: merge(first, last)}
	}
	first.Type = bimg.TIFF
	last.NoAutoRotate = true
	return passes{first: first, finish: true, last: last}
}

// icc reports whether colours are to be brought to sRGB. Grey has no colours to
// correct, and CMYK has left its own space by the time this is applied.
func icc(h resize.Header) bool { return h.ICC && !h.Gray && !h.CMYK }

// merge adds how to encode to how to scale.
func merge(scale, encode bimg.Options) bimg.Options {
	scale.Type = encode.Type
	scale.Quality, scale.Lossless, scale.Speed = encode.Quality, encode.Lossless, encode.Speed
	scale.Compression, scale.Interlace = encode.Compression, encode.Interlace
	scale.StripMetadata = encode.StripMetadata
	return scale
}

// avifSpeed is how fast, and badly, AVIF is encoded, 1..8. One megapixel of a
// photograph took, with libvips 8.14 and at about the same number of bytes:
//
//	speed   CPU, ms   mean squared error
//	5       1200
//	6       400       16.4
//	7       260       19.1
//	8       135       19.7
//	(WebP   125)
const avifSpeed = 7

// pngCompression is zlib's level, 1..9, and its own default: 9 takes much longer
// for a few percent.
const pngCompression = 6

// encoding is how to encode. JPEGs are progressive: a few percent smaller than
// those that load from top to bottom, and shown as a whole earlier.
func encoding(out resize.Output) bimg.Options {
	e := bimg.Options{
		Type: bimgType(out.Format), Quality: out.Quality, Lossless: out.Lossless,
		StripMetadata: true,
	}
	switch out.Format {
	case variant.JPEG:
		e.Interlace = true
	case variant.PNG:
		e.Compression = pngCompression
	case variant.AVIF:
		e.Speed = avifSpeed
	}
	return e
}

func bimgType(f variant.Format) bimg.ImageType {
	switch f {
	case variant.JPEG:
		return bimg.JPEG
	case variant.PNG:
		return bimg.PNG
	case variant.WebP:
		return bimg.WEBP
	case variant.AVIF:
		return bimg.AVIF
	case variant.GIF:
		return bimg.GIF
	}
	return bimg.UNKNOWN
}
