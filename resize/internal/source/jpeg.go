package source

import (
	"bytes"
	"encoding/binary"
	"iter"
)

// JPEG markers, ITU-T T.81 table B.1.
const (
	TEM   = 0x01
	SOF0  = 0xc0
	SOF2  = 0xc2
	DHT   = 0xc4
	JPG   = 0xc8
	DAC   = 0xcc
	SOF15 = 0xcf
	RST0  = 0xd0
	RST7  = 0xd7
	SOI   = 0xd8
	EOI   = 0xd9
	SOS   = 0xda
	DQT   = 0xdb
	DRI   = 0xdd
	APP0  = 0xe0
	APP1  = 0xe1
	APP2  = 0xe2
	APP14 = 0xee
	APP15 = 0xef
	COM   = 0xfe
)

// maxSegments bounds the segments of a JPEG. Real files have some dozens.
const maxSegments = 16 << 10

// Segment is a segment of a JPEG. Its marker stands at Off, its content, after the length,
// begins at Body, and ends at End. TEM, SOI and EOI have no content, and the data of a scan
// is not part of its segment.
type Segment struct {
	Code           byte // of its marker
	Off, Body, End int64
}

// Segments yields the segments of a JPEG from off on, to EOI. As libjpeg does, it passes over
// everything between a segment and the next marker: an FF followed by neither a stuffed 00 nor
// another FF, and not one of RST0 to RST7.
func (s *Source) Segments(off int64) iter.Seq2[Segment, error] {
	return func(yield func(Segment, error) bool) {
		for range maxSegments {
			g, err := s.segment(off)
			if !yield(g, err) || err != nil || g.Code == EOI {
				return
			}
			off = g.End
		}
		yield(Segment{}, Broken("more than %d segments", maxSegments))
	}
}

func (s *Source) segment(off int64) (Segment, error) {
	code, at, err := s.nextMarker(off)
	g := Segment{code, at - 2, at, at}
	if err != nil || code == TEM || code == SOI || code == EOI {
		return g, err
	}
	b, err := s.At(at, 2)
	if err != nil {
		return g, err
	}
	g.Body, g.End = at+2, at+int64(binary.BigEndian.Uint16(b))
	switch {
	case g.End < g.Body:
		return g, Broken("a segment is shorter than its head")
	case g.End > s.Size:
		return g, CutShort("a segment")
	}
	return g, nil
}

// nextMarker returns the code of the first marker at or after off, and the offset after it.
func (s *Source) nextMarker(off int64) (code byte, next int64, err error) {
	for off+1 < s.Size {
		held, err := s.rest(off)
		if err != nil {
			return 0, 0, err
		}
		code, n := scanMarker(held)
		off += int64(n)
		if code != 0 {
			return code, off, nil
		}
		if n == 0 { // an FF at the end of what is held: look at it with its successor
			if _, err := s.At(off, 2); err != nil {
				return 0, 0, err
			}
		}
	}
	return 0, 0, CutShort("its pixels: the end marker is missing")
}

// scanMarker looks for a marker in b. It returns its code and what lies up to
// and with it, or 0 and how many bytes can be passed over.
func scanMarker(b []byte) (code byte, n int) {
	for {
		i := bytes.IndexByte(b[n:], 0xff)
		if i < 0 {
			return 0, len(b)
		}
		n += i
		if n+1 == len(b) {
			return 0, n
		}
		switch c := b[n+1]; {
		case c == 0xff:
			n++
		case c == 0, c >= RST0 && c <= RST7:
			n += 2
		default:
			return c, n + 2
		}
	}
}
