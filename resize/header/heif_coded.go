package header

import (
	"github.com/thumbery/thumbery/resize/header/internal/bitstream"
	"github.com/thumbery/thumbery/resize/header/internal/source"
)

// obuSequence is the type of open bitstream units that are sequence headers,
// from the AV1 specification, 6.2.2.
const obuSequence = 1

// av1Sequence reads all sequence headers of the AV1 data of n bytes at off, and so the
// largest frame that it may hold: what the container says of its size binds no decoder.
// Each unit is taken from *units, which must not run out.
func (s *file) av1Sequence(off, n int64, units *int) (all bitstream.Sequence, err error) {
	end := off + n
	for ; off < end && *units > 0; *units-- {
		b, err := s.At(off, int(min(end-off, 512)))
		if err != nil {
			return all, err
		}
		kind, head, size, ok := bitstream.AV1Unit(b, end-off)
		if !ok {
			return all, source.Broken("its AV1 data is damaged")
		}
		if kind == obuSequence {
			one, ok := bitstream.AV1Sequence(b[head:min(int64(len(b)), int64(head)+size)])
			if !ok {
				return all, source.Broken("its AV1 sequence header is damaged")
			}
			all = all.And(one)
		}
		off += int64(head) + size
	}
	if off < end || all.Width == 0 {
		return all, source.Broken("its AV1 data has no sequence header, or too many parts")
	}
	return all, nil
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

// hevcConfig reads the sequence parameter sets in an hvcC (ISO/IEC 14496-15, 8.3.3.1):
// what the container says of the size binds no decoder.
func (s *file) hevcConfig(b box) (heifProperty, error) {
	p := heifProperty{kind: b.kind, coded: bitstream.Sequence{Depth: 8}}
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
			if err := s.hevcUnit(c.off, n, &p.coded); err != nil {
				return p, err
			}
			c.off += n
		}
	}
	return p, c.err
}

// hevcSequence reads the sequence parameter sets among the coded units in the n bytes at
// off, each after its length in four bytes. There need not be any beside those in hvcC.
// Each unit is taken from *units.
func (s *file) hevcSequence(off, n int64, units *int) (all bitstream.Sequence, err error) {
	c := &cursor{s: s, off: off, end: off + n}
	for c.off < c.end {
		length := int64(c.uint(4))
		if *units--; *units < 0 || c.err != nil || length > c.end-c.off {
			return all, source.Broken("its HEVC data is damaged, or has too many parts")
		}
		if err := s.hevcUnit(c.off, length, &all); err != nil {
			return all, err
		}
		c.off += length
	}
	return all, nil
}

// hevcUnit adds what a unit of n bytes says to all, if it is a sequence parameter set.
func (s *file) hevcUnit(off, n int64, all *bitstream.Sequence) error {
	b, err := s.At(off, int(min(n, hevcSequenceBytes)))
	if err != nil || len(b) < 2 || b[0]>>1&0x3f != nalSequence {
		return err
	}
	one, ok := bitstream.HEVCSequence(b[2:])
	if !ok || one.Width < 1 || one.Height < 1 {
		return source.Broken("its HEVC parameters are damaged")
	}
	*all = all.And(one)
	return nil
}
