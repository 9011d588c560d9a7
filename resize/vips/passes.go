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
func newPasses(h resize.Header, p resize.Plan, o Options) passes {
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
	if h.ICC && !h.Gray && !h.CMYK {
		// The name of a profile built into libvips. Grey has no colours to
		// correct, and CMYK has left its own space by the time this is applied.
		first.OutputICC = "srgb"
	}
	last := encoding(p.Output, o)
	if !needsFinish(h, p) {
		return passes{first: merge(first, last)}
	}
	first.Type = bimg.TIFF
	last.NoAutoRotate = true
	return passes{first: first, finish: true, last: last}
}

// needsFinish reports what bimg cannot do, or not well, in one pass: turning,
// letterboxes of any gravity, and flattening, which leaks and refuses grey.
func needsFinish(h resize.Header, p resize.Plan) bool {
	return h.Orientation > 1 || p.Letterboxed() || h.Alpha && p.Flattened()
}

// merge adds how to encode to how to scale.
func merge(scale, encode bimg.Options) bimg.Options {
	scale.Type = encode.Type
	scale.Quality, scale.Lossless, scale.Speed = encode.Quality, encode.Lossless, encode.Speed
	scale.Compression, scale.Interlace = encode.Compression, encode.Interlace
	scale.StripMetadata = encode.StripMetadata
	return scale
}

func encoding(out resize.Output, o Options) bimg.Options {
	e := bimg.Options{
		Type: bimgType(out.Format), Quality: out.Quality, Lossless: out.Lossless,
		StripMetadata: true,
	}
	switch out.Format {
	case variant.JPEG:
		e.Interlace = !o.Baseline
	case variant.PNG:
		e.Compression = o.PNGCompression
	case variant.AVIF:
		e.Speed = o.AVIFSpeed
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
	case variant.HEIC:
		return bimg.HEIF
	}
	return bimg.UNKNOWN
}
