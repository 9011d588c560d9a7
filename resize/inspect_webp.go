package resize

import (
	"encoding/binary"

	"github.com/thumbery/thumbery/variant"
)

// webpReader walks the chunks of a WebP.
type webpReader struct {
	s        *source
	h        Header
	extended bool // the size stands in VP8X
	pixels   bool // a picture or a frame was seen
	frames   int
}

func inspectWebP(s *source) (Header, error) {
	b, err := s.at(4, 4)
	if err != nil {
		return Header{}, err
	}
	end := 8 + int64(binary.LittleEndian.Uint32(b))
	if end > s.size {
		return Header{}, broken("cut short: %d bytes of %d", s.size, end)
	}
	w := &webpReader{s: s, h: Header{Format: variant.WebP, Orientation: 1, Depth: 8}}
	off := int64(12)
	for range maxChunks {
		if end-off < 8 {
			return w.end()
		}
		b, err := s.at(off, 8)
		if err != nil {
			return Header{}, err
		}
		n := int64(binary.LittleEndian.Uint32(b[4:]))
		if n > end-off-8 {
			return Header{}, cutShort("chunk " + quoteKind(string(b[:4])))
		}
		if err := w.chunk(string(b[:4]), off+8, n); err != nil {
			return Header{}, err
		}
		off += 8 + n + n&1
	}
	return Header{}, broken("more than %d chunks", maxChunks)
}

func (w *webpReader) end() (Header, error) {
	if !w.pixels {
		return Header{}, broken("it holds no picture")
	}
	w.h.Pages = max(w.frames, 1)
	return w.h, nil
}

func (w *webpReader) chunk(kind string, off, n int64) error {
	switch kind {
	case "VP8X":
		return w.canvas(off, n)
	case "VP8 ":
		return w.lossy(off, n)
	case "VP8L":
		return w.lossless(off, n)
	case "ANMF":
		w.pixels = true
		if w.frames++; w.frames > maxFrames {
			return broken("more than %d frames", maxFrames)
		}
	case "ALPH":
		w.h.Alpha = true
	case "ICCP":
		w.h.ICC = true
	case "EXIF":
		w.h.Orientation = exifOrientation(w.s, off, n)
	}
	return nil
}

// canvas reads VP8X: flags, three reserved bytes, and the sides less one in 24
// bits each.
func (w *webpReader) canvas(off, n int64) error {
	if n < 10 || w.extended || w.pixels {
		return broken("a misplaced or short VP8X")
	}
	b, err := w.s.at(off, 10)
	if err != nil {
		return err
	}
	w.extended = true
	w.h.Alpha = b[0]&0x10 != 0
	w.h.Width = 1 + int(binary.LittleEndian.Uint32(b[4:])&0xffffff)
	w.h.Height = 1 + int(binary.LittleEndian.Uint32(b[6:])>>8)
	return nil
}

// lossy reads the key frame header of RFC 6386, 9.1: a frame tag of three
// bytes, the start code, and the sides in 14 bits each.
func (w *webpReader) lossy(off, n int64) error {
	if n < 10 {
		return cutShort("its VP8 header")
	}
	b, err := w.s.at(off, 10)
	if err != nil {
		return err
	}
	if b[0]&1 != 0 || string(b[3:6]) != "\x9d\x01\x2a" {
		return broken("its VP8 is no key frame")
	}
	return w.picture(int(binary.LittleEndian.Uint16(b[6:])&0x3fff), int(binary.LittleEndian.Uint16(b[8:])&0x3fff))
}

func (w *webpReader) lossless(off, n int64) error {
	if n < 5 {
		return cutShort("its VP8L header")
	}
	b, err := w.s.at(off, 5)
	if err != nil {
		return err
	}
	bits := binary.LittleEndian.Uint32(b[1:])
	if b[0] != 0x2f {
		return broken("its VP8L has no signature")
	}
	w.h.Alpha = w.h.Alpha || bits>>28&1 != 0
	return w.picture(1+int(bits&0x3fff), 1+int(bits>>14&0x3fff))
}

// picture takes the size of the one picture, which must be the canvas's.
func (w *webpReader) picture(width, height int) error {
	if w.extended && (width != w.h.Width || height != w.h.Height) {
		return broken("a picture of %dx%d on a canvas of %dx%d", width, height, w.h.Width, w.h.Height)
	}
	if w.pixels {
		return broken("a second picture")
	}
	w.pixels, w.h.Width, w.h.Height = true, width, height
	return nil
}
