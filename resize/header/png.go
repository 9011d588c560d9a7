package header

import (
	"encoding/binary"

	"github.com/thumbery/thumbery/resize/header/internal/source"
	"github.com/thumbery/thumbery/variant"
)

// pngReader walks the chunks of a PNG.
type pngReader struct {
	s    *file
	h    Header
	data bool // an IDAT was seen
}

func inspectPNG(s *file) (Header, error) {
	p := &pngReader{s: s}
	if err := p.header(); err != nil {
		return Header{}, err
	}
	off := int64(8 + 12 + 13)
	for range maxChunks {
		b, err := s.At(off, 8)
		if err != nil {
			return p.soFar(), err
		}
		n := int64(binary.BigEndian.Uint32(b))
		kind := string(b[4:8])
		p.data = p.data || kind == "IDAT"
		if n > s.Size-off-12 {
			return p.soFar(), source.CutShort("chunk " + quoteKind(kind))
		}
		if kind == "IEND" {
			return p.end()
		}
		p.chunk(kind, off+8, n)
		off += 12 + n
	}
	return Header{}, source.Broken("more than %d chunks", maxChunks)
}

func (p *pngReader) end() (Header, error) {
	if !p.data {
		return Header{}, source.Broken("it holds no pixels")
	}
	return p.soFar(), nil
}

// soFar is the header of a picture that is cut short, if pixels have begun.
func (p *pngReader) soFar() Header {
	if !p.data {
		return Header{}
	}
	p.h.Samples = colours(p.h.Gray, p.h.Alpha)
	return p.h
}

// colours is how many samples a pixel of grey or RGB has.
func colours(gray, alpha bool) int {
	n := 3
	if gray {
		n = 1
	}
	if alpha {
		n++
	}
	return n
}

// header reads IHDR, which must come first; Apple's CgBI dialect has another
// chunk before it and cannot be decoded by others.
func (p *pngReader) header() error {
	b, err := p.s.At(8, 12+13)
	if err != nil {
		return err
	}
	if string(b[:8]) != "\x00\x00\x00\x0dIHDR" {
		return source.Broken("its first chunk is not IHDR")
	}
	kind := b[8+9]
	p.h = Header{
		Format: variant.PNG, Orientation: 1, Pages: 1,
		Width:       int(binary.BigEndian.Uint32(b[8:])),
		Height:      int(binary.BigEndian.Uint32(b[12:])),
		Depth:       int(b[8+8]),
		Gray:        kind == 0 || kind == 4,
		Alpha:       kind == 4 || kind == 6,
		Progressive: b[8+12] == 1,
		Palette:     kind == 3,
	}
	if !pngDepthValid(kind, p.h.Depth) {
		return source.Broken("colour type %d with %d bits", kind, p.h.Depth)
	}
	return nil
}

// pngDepthValid is table 11.1 of the PNG specification.
func pngDepthValid(kind byte, depth int) bool {
	switch kind {
	case 0:
		return depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16
	case 3:
		return depth == 1 || depth == 2 || depth == 4 || depth == 8
	case 2, 4, 6:
		return depth == 8 || depth == 16
	}
	return false
}

func (p *pngReader) chunk(kind string, off, n int64) {
	switch kind {
	case "tRNS":
		p.h.Alpha = true
	case "cICP", "gAMA": // from which a profile may be made
		p.h.ICC = true
	case "iCCP":
		p.h.ICC = true
		if !p.data && p.h.Profile.Len == 0 {
			p.h.Profile = Extent{off, n}
		}
	case "eXIf":
		p.h.Orientation = exifOrientation(p.s, off, n)
	}
}

// quoteKind makes four hostile bytes fit for a message.
func quoteKind(kind string) string {
	for _, c := range []byte(kind) {
		if c < 'A' || c > 'z' {
			return "of an unknown kind"
		}
	}
	return kind
}
