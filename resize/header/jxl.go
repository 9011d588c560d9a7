package header

import (
	"encoding/binary"

	"github.com/thumbery/thumbery/resize/internal/source"
	"github.com/thumbery/thumbery/variant"
)

// JXLBoxes is how a JPEG XL in a container begins (ISO/IEC 18181-2): with its signature
// and its file type.
const JXLBoxes = "\x00\x00\x00\x0cJXL \r\n\x87\n" + "\x00\x00\x00\x14ftypjxl \x00\x00\x00\x00jxl "

// jxlHeadBytes are enough for the size, and what is looked at behind it.
const jxlHeadBytes = 2 + 10

// inspectJXL reads the JPEG XL that we write, a container of one codestream that says how
// long it is, and an upright picture without animation or preview. Others can be read by an
// engine only (Probed).
func inspectJXL(s *source.Source) (Header, error) {
	const start = len(JXLBoxes) + 8
	b, err := s.At(0, start)
	if err != nil {
		return Header{}, err
	}
	if string(b[:len(JXLBoxes)]) != JXLBoxes || string(b[start-4:]) != "jxlc" {
		return Header{}, notRead(variant.JXL)
	}
	switch rest := s.Size - int64(len(JXLBoxes)) - int64(binary.BigEndian.Uint32(b[len(JXLBoxes):])); {
	case rest < 0:
		return Header{}, source.CutShort("its codestream")
	case rest > 0:
		return Header{}, notRead(variant.JXL)
	}
	if b, err = s.At(int64(start), jxlHeadBytes); err != nil {
		return Header{}, err
	}
	return jxlHeader(b)
}

// jxlHeader reads the beginning of a codestream (ISO/IEC 18181-1, SizeHeader and
// ImageMetadata).
func jxlHeader(b []byte) (Header, error) {
	if b[0] != 0xff || b[1] != 0x0a {
		return Header{}, source.Broken("its codestream has no signature")
	}
	r := jxlBits{low: binary.LittleEndian.Uint64(b[2:]), high: uint64(b[10]) | uint64(b[11])<<8}
	h := Header{Format: variant.JXL, Orientation: 1, Pages: 1, Depth: 8}
	small := r.read(1) == 1 // both sides are at most 256, and multiples of 8
	h.Height = r.side(small)
	if ratio := r.read(3); ratio == 0 {
		h.Width = r.side(small)
	} else {
		of := jxlRatios[ratio]
		h.Width = h.Height * of[0] / of[1]
	}
	if byDefault := r.read(1) == 1; !byDefault && r.read(1) == 1 { // has orientation and the like
		return Header{}, notRead(variant.JXL)
	}
	return h, nil
}

// jxlRatios are width to height.
var jxlRatios = [8][2]int{1: {1, 1}, {12, 10}, {4, 3}, {3, 2}, {16, 9}, {5, 4}, {2, 1}}

// jxlBits are 80 bits, of which the lowest of a byte is the first.
type jxlBits struct{ low, high uint64 }

func (r *jxlBits) read(n uint) int {
	v := r.low & (1<<n - 1)
	r.low = r.low>>n | r.high<<(64-n)
	r.high >>= n
	return int(v)
}

// side is a width or a height.
func (r *jxlBits) side(small bool) int {
	if small {
		return 8 * (r.read(5) + 1)
	}
	return 1 + r.read([4]uint{9, 13, 18, 30}[r.read(2)])
}
