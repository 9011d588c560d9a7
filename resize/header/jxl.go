package header

import (
	"github.com/thumbery/thumbery/resize/header/internal/bitstream"
	"github.com/thumbery/thumbery/resize/header/internal/source"
	"github.com/thumbery/thumbery/variant"
)

// inspectJXL reads the head of a JPEG XL, bare or in a container (ISO/IEC
// 18181). Its completeness is not checked; a film has one page.
func inspectJXL(s *file) (Header, error) {
	start := int64(0)
	if b, err := s.At(0, 2); err != nil || b[0] != 0xff {
		if start, err = s.jxlCodestream(); err != nil {
			return Header{}, err
		}
	}
	b, err := s.At(start, int(min(512, s.Size-start)))
	if err != nil {
		return Header{}, err
	}
	if len(b) < 3 || b[0] != 0xff || b[1] != 0x0a {
		return Header{}, source.Broken("no JPEG XL codestream")
	}
	x, ok := bitstream.JXLHeader(b[2:])
	switch samples := colours(x.Gray, false) + x.Extra; {
	case samples > maxSamples:
		return Header{}, source.TooLarge("a pixel has %d samples, the limit is %d", samples, maxSamples)
	case !ok:
		return Header{}, source.CutShort("its header")
	default:
		return Header{
			Format: variant.JXL, Width: x.Width, Height: x.Height, Orientation: 1, Pages: 1,
			Depth: x.Depth, Samples: samples, Alpha: x.Alpha, Gray: x.Gray, ICC: x.ICC,
		}, nil
	}
}

// jxlCodestream finds where the picture begins in a container.
func (s *file) jxlCodestream() (int64, error) {
	start := int64(0)
	err := s.boxes(0, s.Size, func(b box) error {
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
	if err == nil && (start == 0 || start >= s.Size) {
		err = source.Broken("the container holds no picture")
	}
	return start, err
}
