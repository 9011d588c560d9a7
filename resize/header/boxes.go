package header

import (
	"encoding/binary"

	"github.com/thumbery/thumbery/resize/header/internal/source"
)

// box is one box of an ISO base media file (ISO/IEC 14496-12).
type box struct {
	kind       string
	start, end int64 // of its content
}

// boxes calls f for each box between off and end, until f fails. A box that
// goes beyond end is cut short.
func (s *file) boxes(off, end int64, f func(box) error) error {
	for range maxBoxes {
		if off == end {
			return nil
		}
		b, err := s.box(off, end)
		if err != nil {
			return err
		}
		if err := f(b); err != nil {
			return err
		}
		off = b.end
	}
	return source.Broken("more than %d boxes", maxBoxes)
}

func (s *file) box(off, end int64) (box, error) {
	if end-off < 8 {
		return box{}, source.CutShort("the head of a box")
	}
	head, err := s.At(off, 8)
	if err != nil {
		return box{}, err
	}
	b := box{kind: string(head[4:8]), start: off + 8}
	size := uint64(binary.BigEndian.Uint32(head))
	switch size {
	case 0: // to the end of what it is in
		size = uint64(end - off)
	case 1:
		if head, err = s.At(off+8, 8); err != nil {
			return box{}, err
		}
		size = binary.BigEndian.Uint64(head)
		b.start += 8
	}
	if size > uint64(end-off) {
		return box{}, source.CutShort("box " + quoteKind(b.kind))
	}
	b.end = off + int64(size)
	if b.end < b.start {
		return box{}, source.Broken("box %s is shorter than its head", quoteKind(b.kind))
	}
	return b, nil
}

// child calls f for the boxes of one kind among those between off and end.
func (s *file) child(off, end int64, kind string, f func(box) error) error {
	return s.boxes(off, end, func(b box) error {
		if b.kind != kind {
			return nil
		}
		return f(b)
	})
}

// only is child for a kind that may stand in parent but once: of two, decoders
// disagree on which counts.
func (s *file) only(parent box, kind string, f func(box) error) error {
	seen := false
	return s.child(parent.start, parent.end, kind, func(b box) error {
		if seen {
			return source.Broken("a second box %s", quoteKind(kind))
		}
		seen = true
		return f(b)
	})
}

// cursor reads numbers one after another out of a box. After a failure it
// gives zeros and err says why, so that a caller can look once.
type cursor struct {
	s        *file
	off, end int64
	err      error
}

func (s *file) cursor(b box) *cursor { return &cursor{s: s, off: b.start, end: b.end} }

// uint reads a big-endian number of 0 to 8 bytes.
func (c *cursor) uint(bytes int) (v uint64) {
	if c.err == nil && c.off+int64(bytes) > c.end {
		c.err = source.CutShort("a box")
	}
	if c.err != nil {
		return 0
	}
	var b []byte
	if b, c.err = c.s.At(c.off, bytes); c.err != nil {
		return 0
	}
	for _, x := range b {
		v = v<<8 | uint64(x)
	}
	c.off += int64(bytes)
	return v
}

// full reads the version and flags that begin many boxes.
func (c *cursor) full() (version byte, flags uint32) {
	v := c.uint(4)
	return byte(v >> 24), uint32(v) & 0xffffff
}

// count reads a number of things of which each is at least one byte long, so
// that no more than the box can hold are asked for.
func (c *cursor) count(bytes, limit int) int {
	n := c.uint(bytes)
	if c.err == nil && n > uint64(limit) {
		c.err = source.Broken("%d entries where at most %d are expected", n, limit)
	}
	if c.err != nil {
		return 0
	}
	return int(n)
}
