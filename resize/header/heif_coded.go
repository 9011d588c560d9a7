package header

import (
	"github.com/thumbery/thumbery/resize/header/internal/bitstream"
	"github.com/thumbery/thumbery/resize/internal/source"
)

// obuSequence is the type of open bitstream units that are sequence headers,
// from the AV1 specification, 6.2.2.
const obuSequence = 1

// av1Sequence reads all sequence headers of AV1 data, and so the
// largest frame that it may hold: what the container says of its size binds no decoder.
func (c *cursor) av1Sequence() (all bitstream.Sequence, err error) {
	for ; c.off < c.end && *c.left > 0; *c.left-- {
		b, err := c.s.At(c.off, int(min(c.end-c.off, 512)))
		if err != nil {
			return all, err
		}
		kind, head, size, ok := bitstream.AV1Unit(b, c.end-c.off)
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
		c.off += int64(head) + size
	}
	if c.off < c.end || all.Width == 0 {
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
func (c *cursor) hevcConfig() bitstream.Sequence {
	all := bitstream.Sequence{Depth: 8}
	c.off += 22 // profile, level, depth, frame rate
	for range c.uint(1) {
		c.uint(1) // the type, which the units tell, too
		for range c.count(2) {
			c.hevcUnit(2, &all)
		}
	}
	return all
}

// hevcSequence reads the sequence parameter sets among coded units. There need not be any
// beside those in hvcC.
func (c *cursor) hevcSequence() (all bitstream.Sequence, err error) {
	for ; c.off < c.end && c.err == nil; *c.left-- {
		if *c.left == 0 {
			return all, errEntries
		}
		c.hevcUnit(4, &all)
	}
	return all, c.err
}

// hevcUnit reads a unit, which stands behind its length in so many bytes, and adds what it
// says to all, if it is a sequence parameter set.
func (c *cursor) hevcUnit(bytes int, all *bitstream.Sequence) {
	n := int64(c.uint(bytes))
	if c.err == nil && n > c.end-c.off {
		c.err = source.CutShort("its HEVC data")
	}
	if c.err != nil {
		return
	}
	b, err := c.s.At(c.off, int(min(n, hevcSequenceBytes)))
	c.off, c.err = c.off+n, err
	if err != nil || len(b) < 2 || b[0]>>1&0x3f != nalSequence {
		return
	}
	one, ok := bitstream.HEVCSequence(b[2:])
	if !ok || one.Width < 1 || one.Height < 1 {
		c.err = source.Broken("its HEVC parameters are damaged")
		return
	}
	*all = all.And(one)
}
