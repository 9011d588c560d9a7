package resize

import "github.com/thumbery/thumbery/variant"

const photometricCMYK = 5

// inspectTIFF reads the first directory and counts the others. BigTIFF is not
// recognised.
func inspectTIFF(s *source) (Header, error) {
	d, off, err := openIFDs(s, 0, s.size)
	if err != nil {
		return Header{}, err
	}
	h := Header{Format: variant.TIFF, Orientation: 1, Depth: 1}
	off, err = d.each(off, func(e ifdEntry) { h.tiffEntry(e, d) })
	if err != nil {
		return Header{}, err
	}
	h.Pages, err = d.countIFDs(off)
	return h, err
}

func (h *Header) tiffEntry(e ifdEntry, d ifdReader) {
	v := d.first(e)
	switch e.tag {
	case tagWidth:
		h.Width = v
	case tagHeight:
		h.Height = v
	case tagBits:
		h.Depth = v
	case tagPhotometric:
		h.CMYK = v == photometricCMYK
		h.Gray = v == 0 || v == 1
	case tagOrientation:
		if v >= 1 && v <= 8 {
			h.Orientation = v
		}
	case tagExtra:
		h.Alpha = v == 1 || v == 2
	case tagICC:
		h.ICC = true
	}
}

// countIFDs follows the chain that goes on at off after the first directory.
// A chain that never ends runs into maxIFDs.
func (d ifdReader) countIFDs(off int64) (int, error) {
	pages := 1
	for off != 0 {
		if pages++; pages > maxIFDs {
			return 0, broken("more than %d directories", maxIFDs)
		}
		var err error
		if off, err = d.each(off, func(ifdEntry) {}); err != nil {
			return 0, err
		}
	}
	return pages, nil
}
