package resize

import "github.com/thumbery/thumbery/variant"

// Photometric interpretations, from the TIFF 6.0 specification.
const (
	photometricWhite   = 0
	photometricBlack   = 1
	photometricPalette = 3
	photometricCMYK    = 5
)

// tiffPage is what the directory of a page says.
type tiffPage struct {
	header  Header
	samples int             // of a pixel
	kind    int             // the photometric interpretation
	seen    map[uint16]bool // tags; nil for a page that nobody asked for
}

// inspectTIFF reads the directory of the page asked for, or the first, and
// counts all. BigTIFF is not recognised.
func inspectTIFF(s *source) (Header, error) {
	d, off, err := openIFDs(s, 0, s.size)
	if err != nil {
		return Header{}, err
	}
	var h Header
	seen := map[int64]bool{}
	for off != 0 {
		if seen[off] {
			return Header{}, broken("its directories go round in a circle")
		}
		if seen[off] = true; len(seen) > maxIFDs {
			return Header{}, tooLarge("more than %d pages", maxIFDs)
		}
		page := tiffPage{samples: 1}
		if len(seen) == 1 || len(seen) == s.page {
			page.seen = map[uint16]bool{}
		}
		if off, err = d.each(off, func(e ifdEntry) { page.read(e, d) }); err != nil {
			return Header{}, err
		}
		if page.samples > maxSamples {
			return Header{}, tooLarge("a pixel has %d samples, the limit is %d", page.samples, maxSamples)
		}
		if page.seen != nil {
			h = page.end()
		}
	}
	h.Pages = len(seen)
	return h, nil
}

// read takes an entry. Of several with one tag the first counts, as for libtiff.
func (p *tiffPage) read(e ifdEntry, d ifdReader) {
	if p.seen == nil || p.seen[e.tag] {
		return
	}
	p.seen[e.tag] = true
	v := d.first(e)
	switch e.tag {
	case tagWidth:
		p.header.Width = v
	case tagHeight:
		p.header.Height = v
	case tagBits:
		p.header.Depth = v
	case tagPhotometric:
		p.kind = v
	case tagSamples:
		p.samples = v
	case tagOrientation:
		p.header.Orientation = v
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
	colours := 3
	switch p.kind {
	case photometricWhite, photometricBlack:
		colours, h.Gray = 1, true
	case photometricCMYK:
		colours, h.CMYK = 4, true
	case photometricPalette:
		colours = 1
	}
	h.Alpha = p.samples > colours
	return h
}

// maxSamples is how many a pixel may have. Those beyond alpha are decoded, and then
// dropped.
const maxSamples = 16
