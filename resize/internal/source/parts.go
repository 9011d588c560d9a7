package source

import (
	"encoding/binary"
	"iter"
	"math"
)

// Part is a chunk of a PNG or WebP, or a box of an ISO base media file. Its head begins at
// Off, its content, of Len bytes, at Body, and what follows it at End.
type Part struct {
	Kind                string // four bytes, which can be any
	Off, Body, Len, End int64
}

// maxParts bounds the parts of one sequence. Real files have some thousands.
const maxParts = 1 << 18

// parts yields what lies between off and end one after another, as head reads it, up to the
// first error. The part that comes with an error has a Kind if that could be read.
func parts(off, end int64, head func(off int64) (Part, error)) iter.Seq2[Part, error] {
	return func(yield func(Part, error) bool) {
		for range maxParts {
			if off >= end {
				return
			}
			p, err := head(off)
			if !yield(p, err) || err != nil {
				return
			}
			off = p.End
		}
		yield(Part{}, Broken("more than %d parts", maxParts))
	}
}

// PNGChunks yields the chunks of a PNG, until the caller stops at IEND: the end of the file
// is an error.
func (s *Source) PNGChunks() iter.Seq2[Part, error] {
	const signature, checksum = 8, 4
	return parts(signature, math.MaxInt64, func(off int64) (Part, error) {
		b, err := s.At(off, 8)
		if err != nil {
			return Part{}, err
		}
		n := int64(binary.BigEndian.Uint32(b))
		c := Part{string(b[4:]), off, off + 8, n, off + 8 + n + checksum}
		return c, s.holds(c)
	})
}

// WebPChunks yields the chunks of a WebP, up to the length that its head gives.
func (s *Source) WebPChunks() iter.Seq2[Part, error] {
	const first, head = 12, 8
	return func(yield func(Part, error) bool) {
		b, err := s.At(4, 4)
		if err != nil {
			yield(Part{}, err)
			return
		}
		end := 8 + int64(binary.LittleEndian.Uint32(b))
		chunk := func(off int64) (Part, error) { return s.webPChunk(off, end) }
		for c, err := range parts(first, end-head+1, chunk) {
			if !yield(c, err) || err != nil {
				return
			}
		}
		if end > s.Size {
			yield(Part{}, CutShort("its padding"))
		}
	}
}

func (s *Source) webPChunk(off, end int64) (Part, error) {
	b, err := s.At(off, 8)
	if err != nil {
		return Part{}, err
	}
	n := int64(binary.LittleEndian.Uint32(b[4:]))
	c := Part{string(b[:4]), off, off + 8, n, off + 8 + n}
	if c.End > end {
		return Part{}, Broken("chunk %s is longer than the file says that it is", quoted(c.Kind))
	}
	err = s.holds(c)
	if n&1 == 1 && c.End < s.Size {
		c.End++ // a byte of padding, which may be missing
	}
	return c, err
}

// Boxes yields the boxes of an ISO base media file (ISO/IEC 14496-12) between off and end. One
// that goes beyond end, or is shorter than its head, comes with an error and ends at end.
func (s *Source) Boxes(off, end int64) iter.Seq2[Part, error] {
	return parts(off, end, func(off int64) (Part, error) { return s.box(off, end) })
}

func (s *Source) box(off, end int64) (Part, error) {
	if end-off < 8 {
		return Part{Off: off, Body: end, End: end}, CutShort("the head of a box")
	}
	head, err := s.At(off, 8)
	if err != nil {
		return Part{}, err
	}
	kind, body, size := string(head[4:]), off+8, uint64(binary.BigEndian.Uint32(head))
	switch size {
	case 0: // to the end of what it is in
		size = uint64(end - off)
	case 1:
		if end-body < 8 {
			return Part{kind, off, end, 0, end}, CutShort("the head of a box")
		}
		if head, err = s.At(body, 8); err != nil {
			return Part{}, err
		}
		size = binary.BigEndian.Uint64(head)
		body += 8
	}
	switch {
	case size > uint64(end-off):
		err = CutShort("box " + quoted(kind))
	case off+int64(size) < body:
		err = Broken("box %s is shorter than its head", quoted(kind))
	default:
		end = off + int64(size)
	}
	return Part{kind, off, body, end - body, end}, err
}

// holds returns an error if a part goes beyond the end of the file.
func (s *Source) holds(p Part) error {
	if p.End > s.Size {
		return CutShort("chunk " + quoted(p.Kind))
	}
	return nil
}

// quoted makes the four bytes of a kind, which can be hostile, fit for a message.
func quoted(kind string) string {
	for _, c := range []byte(kind) {
		if c < 'A' || c > 'z' {
			return "of an unknown kind"
		}
	}
	return kind
}
