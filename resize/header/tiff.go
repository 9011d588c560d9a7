package header

import (
	"cmp"
	"fmt"

	"github.com/thumbery/thumbery/resize/header/internal/ifd"
	"github.com/thumbery/thumbery/resize/header/internal/source"
	"github.com/thumbery/thumbery/variant"
)

// Tags, from the TIFF 6.0 specification.
const (
	tagWidth       = 0x100
	tagHeight      = 0x101
	tagBits        = 0x102
	tagCompression = 0x103
	tagPhotometric = 0x106
	tagOrientation = 0x112
	tagSamples     = 0x115
	tagRows        = 0x116
	tagPlanar      = 0x11c
	tagTileWidth   = 0x142
	tagTileHeight  = 0x143
	tagICC         = 0x8773

	planarSeparate = 2
)

// Photometric interpretations, from the TIFF 6.0 specification.
const (
	photometricWhite   = 0
	photometricBlack   = 1
	photometricPalette = 3
	photometricCMYK    = 5
)

// Bounds on a page of a TIFF, which is decoded a strip or a tile at a time.
const (
	maxTIFFPart = 64 << 20 // bytes of a strip or tile, uncompressed
)

// tiffPage holds the entries of the directory of a page.
type tiffPage struct {
	header  Header
	samples int // of a pixel
	kind    int // the photometric interpretation
	meaning samplesOf
	planar  bool            // each sample of a pixel lies in a strip or tile of its own
	tiled   bool            // in tiles of tile[0] x tile[1] pixels instead of strips
	rows    int             // of a strip; 0 is all
	tile    [2]int          // width and height
	seen    map[uint16]bool // tags; nil for a page that nobody asked for
	// jpeg2000: the pixels are JPEG 2000, or may be.
	jpeg2000 bool
}

// inspectTIFF reads the directory of the page asked for, or the first, and
// counts all. BigTIFF is not recognised.
func inspectTIFF(s *file) (Header, error) {
	d, off, err := ifd.Open(s.Source, 0, s.Size)
	if err != nil {
		return Header{}, err
	}
	var h Header
	var wrong error // with the page that h is of
	seen := map[int64]bool{}
	var entries, values int64 // of all directories
	for off != 0 {
		if seen[off] {
			return Header{}, source.Broken("its directories go round in a circle")
		}
		if seen[off] = true; len(seen) > maxIFDs {
			return Header{}, source.TooLarge("more than %d pages", maxIFDs)
		}
		page := tiffPage{samples: 1}
		if len(seen) == 1 || len(seen) == s.page {
			page.seen = map[uint16]bool{}
		}
		off, err = d.Each(off, func(e ifd.Entry) { page.read(e, d); entries++; values += d.Long(e) })
		switch {
		case err != nil:
			return Header{}, err
		case page.jpeg2000: // on any page: which of them is decoded is for others to say
			return Header{}, fmt.Errorf("%w: JPEG 2000 within TIFF is never read", ErrNotPicture)
		case 12*entries > s.Size:
			return Header{}, source.Broken("its directories overlap")
		case values > 4*s.Size+16<<20: // short ones, and a profile, may be shared
			return Header{}, source.TooLarge("the pages have values of %d bytes in a file of %d", values, s.Size)
		case page.seen != nil:
			h, wrong = page.end(), cmp.Or(page.check(), page.shown())
		}
	}
	h.Pages = len(seen)
	return h, wrong
}

// mayBeJPEG2000 reports whether a compression is, or cannot be told not to be, one
// of those that Aperio (33003 to 33005) and LEADTOOLS (34712) use for JPEG 2000.
func mayBeJPEG2000(compression int) bool {
	return compression == 0 || compression >= 33003 && compression <= 33005 || compression == 34712
}

// read takes an entry. Of several with one tag the first counts, as for libtiff.
func (p *tiffPage) read(e ifd.Entry, d ifd.Reader) {
	p.jpeg2000 = p.jpeg2000 || e.Tag == tagCompression && mayBeJPEG2000(d.First(e))
	if p.seen == nil || p.seen[e.Tag] {
		return
	}
	p.seen[e.Tag] = true
	p.meaning.read(e, d)
	switch e.Tag {
	case tagWidth:
		p.header.Width = d.First(e)
	case tagHeight:
		p.header.Height = d.First(e)
	case tagBits:
		p.header.Depth = d.First(e)
	case tagPhotometric:
		p.kind = d.First(e)
	case tagSamples:
		p.samples = d.First(e)
	case tagPlanar:
		p.planar = d.First(e) == planarSeparate
	case tagRows:
		p.rows = d.First(e)
	case tagTileWidth:
		p.tiled, p.tile[0] = true, d.First(e)
	case tagTileHeight:
		p.tiled, p.tile[1] = true, d.First(e)
	case tagOrientation:
		p.header.Orientation = d.First(e)
	case tagICC:
		p.header.ICC = true
	}
}

// end makes the header. Samples beyond those of the colour are alpha, whatever
// ExtraSamples says of them: libvips takes them so.
func (p *tiffPage) end() Header {
	h := p.header
	h.Format = variant.TIFF
	if h.Orientation < 1 || h.Orientation > 8 {
		h.Orientation = 1
	}
	if h.Depth < 1 {
		h.Depth = 1
	}
	h.Gray = p.kind == photometricWhite || p.kind == photometricBlack
	h.CMYK = p.kind == photometricCMYK
	h.Alpha = p.samples > p.colours()
	h.Samples = p.samples
	if p.kind == photometricPalette {
		h.Samples += 2 // the table has three for each
	}
	return h
}

// colours is how many samples make a colour.
func (p *tiffPage) colours() int {
	switch p.kind {
	case photometricWhite, photometricBlack, photometricPalette:
		return 1
	case photometricCMYK:
		return 4
	}
	return 3
}

// check bounds what decoding the page holds at once: libtiff decodes whole strips
// and tiles, and libvips some rows of pixels.
func (p *tiffPage) check() error {
	h := p.end()
	pixel, part := int64(p.samples)*h.sampleBytes(), p.part()
	switch {
	case h.Width > RasterSideMax || h.Height > RasterSideMax:
		return source.TooLarge("the page is %s, sides of a TIFF are limited to %d", sides(h.Width, h.Height), RasterSideMax)
	case pixel > maxTIFFPixel:
		return source.TooLarge("a pixel has %d samples of %d bits, the limit is %d bytes", p.samples, h.Depth, maxTIFFPixel)
	case part > maxTIFFPart:
		return source.TooLarge("a strip or tile has %d bytes, the limit is %d", part, maxTIFFPart)
	}
	return nil
}

// part is how many bytes a strip or tile has when it is uncompressed.
func (p *tiffPage) part() int64 {
	w, rows := p.header.Width, p.rows
	if rows < 1 || rows > p.header.Height {
		rows = p.header.Height
	}
	if p.tiled {
		w, rows = p.tile[0], p.tile[1]
	}
	samples := int64(max(p.samples, 1))
	if p.planar {
		samples = 1
	}
	line := (int64(w)*samples*int64(p.header.Depth) + 7) / 8
	return line * int64(rows)
}
