package header

import (
	"encoding/binary"

	"github.com/thumbery/thumbery/resize/header/internal/source"
	"github.com/thumbery/thumbery/variant"
)

// inspectJP2 reads the head of a JPEG 2000, bare or in a container (ISO/IEC
// 15444-1, A.5.1 and annex I). Its completeness is not checked.
func inspectJP2(s *file) (Header, error) {
	h := Header{Format: variant.JP2, Orientation: 1, Pages: 1}
	b, err := s.At(0, 1)
	if err != nil {
		return Header{}, err
	}
	if b[0] == 0xff {
		return h, h.jp2Size(s, 0)
	}
	found := false
	err = s.boxes(0, s.Size, func(b box) error {
		switch {
		case b.kind == "jp2h":
			return s.child(b.start, b.end, "colr", func(b box) error { return h.jp2Colour(s.cursor(b)) })
		case b.kind == "jp2c" && !found:
			found = true
			return h.jp2Size(s, b.start)
		}
		return nil
	})
	if err == nil && !found {
		err = source.Broken("the container holds no picture")
	}
	return h, err
}

// jp2Colour reads a colour specification: 1 is one of a list, of which 12 is
// CMYK; 2 and 3 are profiles.
func (h *Header) jp2Colour(c *cursor) error {
	method := c.uint(1)
	c.uint(2) // precedence and approximation
	switch method {
	case 1:
		h.CMYK = c.uint(4) == 12
	case 2, 3:
		h.ICC = true
	}
	return c.err
}

// jp2Size reads the SIZ segment of the codestream at off, which binds the
// decoder whatever a container says. Two and four components are colours with
// alpha, for libvips.
func (h *Header) jp2Size(s *file, off int64) error {
	b, err := s.At(off, 43)
	if err != nil {
		return err
	}
	if string(b[:4]) != "\xff\x4f\xff\x51" {
		return source.Broken("no JPEG 2000 codestream")
	}
	n := func(i int) int { return int(binary.BigEndian.Uint32(b[i:])) }
	h.Width, h.Height = n(8)-n(16), n(12)-n(20)
	h.Depth = 1 + int(b[42]&0x7f)
	components := binary.BigEndian.Uint16(b[40:])
	if components > maxSamples {
		return source.TooLarge("it has %d components", components)
	}
	h.Samples = int(components)
	h.Gray = components <= 2
	h.Alpha = components == 2 || components == 4 && !h.CMYK || components == 5
	return nil
}
