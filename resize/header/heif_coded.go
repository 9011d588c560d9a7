package header

import (
	"github.com/thumbery/thumbery/resize/header/internal/bitstream"
	"github.com/thumbery/thumbery/resize/header/internal/source"
)

// obuSequence is the type of open bitstream units that are sequence headers,
// from the AV1 specification, 6.2.2.
const obuSequence = 1

// av1Size reads the largest frame that the AV1 data of n bytes at off may hold,
// from all of its sequence headers: what the container says of its size binds
// no decoder. Each unit is taken from *units, which must not run out.
func (s *file) av1Size(off, n int64, units *int) (width, height int, err error) {
	end := off + n
	for ; off < end && *units > 0; *units-- {
		b, err := s.At(off, int(min(end-off, 512)))
		if err != nil {
			return 0, 0, err
		}
		kind, head, size, ok := bitstream.AV1Unit(b, end-off)
		if !ok {
			return 0, 0, source.Broken("its AV1 data is damaged")
		}
		if kind == obuSequence {
			w, h, ok := bitstream.AV1Sequence(b[head:min(int64(len(b)), int64(head)+size)])
			if !ok {
				return 0, 0, source.Broken("its AV1 sequence header is damaged")
			}
			width, height = max(width, w), max(height, h)
		}
		off += int64(head) + size
	}
	if off < end || width == 0 {
		return 0, 0, source.Broken("its AV1 data has no sequence header, or too many parts")
	}
	return width, height, nil
}

// nalSequence is the type of network abstraction layer units that are sequence
// parameter sets, from ITU-T H.265, table 7-1.
const nalSequence = 33

// hevcSequenceBytes is how much of a sequence parameter set is looked at: what
// stands before the sizes and depths has at most some 110 bytes.
const hevcSequenceBytes = 256

// hevcSide is the largest that a side may be coded to show so many pixels: it is a
// multiple of the smallest coding block, which has 8 to 64.
func hevcSide(shown int) int { return (shown + 63) &^ 63 }

// hevcConfig reads the largest size, and the depth, from the sequence parameter
// sets in an hvcC (ISO/IEC 14496-15, 8.3.3.1): what the container says of the size
// binds no decoder.
func (s *file) hevcConfig(b box) (heifProperty, error) {
	p := heifProperty{kind: b.kind, depth: 8}
	c := s.cursor(b)
	c.off += 22 // profile, level, depth, frame rate
	for range c.uint(1) {
		c.uint(1) // the type, which the units tell, too
		for range c.uint(2) {
			n := int64(c.uint(2))
			if c.err != nil {
				return p, c.err
			}
			if n > c.end-c.off {
				return p, source.CutShort("hvcC")
			}
			w, h, depth, err := s.hevcUnit(c.off, n)
			if err != nil {
				return p, err
			}
			p.a, p.b, p.depth = max(p.a, w), max(p.b, h), max(p.depth, depth)
			c.off += n
		}
	}
	return p, c.err
}

// hevcSize reads the largest size from the sequence parameter sets among the coded
// units in the n bytes at off, each after its length in four bytes. There need not
// be any beside those in hvcC. Each unit is taken from *units.
func (s *file) hevcSize(off, n int64, units *int) (width, height int, err error) {
	c := &cursor{s: s, off: off, end: off + n}
	for c.off < c.end {
		length := int64(c.uint(4))
		if *units--; *units < 0 || c.err != nil || length > c.end-c.off {
			return 0, 0, source.Broken("its HEVC data is damaged, or has too many parts")
		}
		w, h, _, err := s.hevcUnit(c.off, length)
		if err != nil {
			return 0, 0, err
		}
		width, height = max(width, w), max(height, h)
		c.off += length
	}
	return width, height, nil
}

// hevcUnit reads the size and depth from a unit of n bytes; they are 0 if it is no
// sequence parameter set.
func (s *file) hevcUnit(off, n int64) (width, height, depth int, err error) {
	b, err := s.At(off, int(min(n, hevcSequenceBytes)))
	if err != nil || len(b) < 2 || b[0]>>1&0x3f != nalSequence {
		return 0, 0, 0, err
	}
	width, height, depth, ok := bitstream.HEVCSequence(b[2:])
	if !ok || width < 1 || height < 1 {
		return 0, 0, 0, source.Broken("its HEVC parameters are damaged")
	}
	return width, height, depth, nil
}
