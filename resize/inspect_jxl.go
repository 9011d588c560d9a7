package resize

import (
	"encoding/binary"

	"github.com/thumbery/thumbery/variant"
)

// inspectJXL reads the size and orientation of a JPEG XL, bare or in a
// container (ISO/IEC 18181). Its completeness is not checked.
func inspectJXL(s *source) (Header, error) {
	start := int64(0)
	if b, err := s.at(0, 2); err != nil || b[0] != 0xff {
		if start, err = s.jxlCodestream(); err != nil {
			return Header{}, err
		}
	}
	b, err := s.at(start, int(min(32, s.size-start)))
	if err != nil {
		return Header{}, err
	}
	if len(b) < 3 || b[0] != 0xff || b[1] != 0x0a {
		return Header{}, broken("no JPEG XL codestream")
	}
	r := &bitReader{b: b[2:], lsb: true}
	h := Header{Format: variant.JXL, Pages: 1, Depth: 8}
	h.Width, h.Height = jxlSize(r)
	h.Orientation = jxlOrientation(r)
	if r.over {
		return Header{}, cutShort("its header")
	}
	return h, nil
}

// jxlCodestream finds where the picture begins in a container.
func (s *source) jxlCodestream() (int64, error) {
	start := int64(0)
	err := s.boxes(0, s.size, func(b box) error {
		if start > 0 {
			return nil
		}
		switch b.kind {
		case "jxlc":
			start = b.start
		case "jxlp": // a part; its number comes first
			start = b.start + 4
		}
		return nil
	})
	if err == nil && (start == 0 || start >= s.size) {
		err = broken("the container holds no picture")
	}
	return start, err
}

// jxlSize reads SizeHeader: the height, and the width or a ratio.
func jxlSize(r *bitReader) (width, height int) {
	small := r.flag()
	side := func() int {
		if small {
			return 8 * int(1+r.bits(5))
		}
		return int(1 + r.bits([]int{9, 13, 18, 30}[r.bits(2)]))
	}
	height = side()
	ratio := r.bits(3)
	if ratio == 0 {
		return side(), height
	}
	f := [8][2]int{{}, {1, 1}, {12, 10}, {4, 3}, {3, 2}, {16, 9}, {5, 4}, {2, 1}}[ratio]
	return height * f[0] / f[1], height
}

// jxlOrientation reads the beginning of ImageMetadata.
func jxlOrientation(r *bitReader) int {
	if allDefault := r.flag(); allDefault || !r.flag() {
		return 1
	}
	return int(1 + r.bits(3))
}

// inspectJP2 reads the size of a JPEG 2000, bare or in a container (ISO/IEC
// 15444-1, A.5.1 and I.5.3.1). Its completeness is not checked.
func inspectJP2(s *source) (Header, error) {
	h := Header{Format: variant.JP2, Orientation: 1, Pages: 1, Depth: 8}
	b, err := s.at(0, int(min(s.size, 24)))
	if err != nil {
		return Header{}, err
	}
	if b[0] == 0xff {
		if len(b) < 24 {
			return Header{}, cutShort("its header")
		}
		n := func(i int) int { return int(binary.BigEndian.Uint32(b[i:])) }
		h.Width, h.Height = n(8)-n(16), n(12)-n(20)
		return h, nil
	}
	err = s.child(0, s.size, "jp2h", func(b box) error {
		return s.child(b.start, b.end, "ihdr", func(b box) error {
			c := s.cursor(b)
			h.Height, h.Width = int(c.uint(4)), int(c.uint(4))
			return c.err
		})
	})
	return h, err
}
