package header

import (
	"encoding/binary"

	"github.com/thumbery/thumbery/resize/header/internal/source"
	"github.com/thumbery/thumbery/variant"
)

// webpReader walks the chunks of a WebP.
type webpReader struct {
	s        *file
	h        Header
	extended bool // the size stands in VP8X
	pixels   bool // a picture or a frame was seen
	frames   int
	whole    int // frames that are there to their end
}

func inspectWebP(s *file) (Header, error) {
	b, err := s.At(4, 4)
	if err != nil {
		return Header{}, err
	}
	w := &webpReader{s: s, h: Header{Format: variant.WebP, Orientation: 1, Depth: 8}}
	end := 8 + int64(binary.LittleEndian.Uint32(b))
	off := int64(12)
	for range maxChunks {
		switch {
		case end-off >= 8:
		case end > s.Size:
			return w.soFar(), source.CutShort("its padding")
		default:
			return w.end()
		}
		if off, err = w.next(off, end); err != nil {
			return w.soFar(), err
		}
	}
	return Header{}, source.Broken("more than %d chunks", maxChunks)
}

// next reads the chunk at off, of a file that says that it goes on to end, and
// returns where the one after it begins.
func (w *webpReader) next(off, end int64) (int64, error) {
	b, err := w.s.At(off, 8)
	if err != nil {
		return 0, err
	}
	kind, n := string(b[:4]), int64(binary.LittleEndian.Uint32(b[4:]))
	if n > end-off-8 {
		return 0, source.Broken("chunk %s is longer than the file says that it is", quoteKind(kind))
	}
	if err := w.chunk(kind, off+8, n); err != nil {
		return 0, err
	}
	if off += 8 + n; off > w.s.Size {
		return 0, source.CutShort("chunk " + quoteKind(kind))
	}
	w.whole = w.frames
	return off + n&1, nil
}

func (w *webpReader) end() (Header, error) {
	if !w.pixels {
		return Header{}, source.Broken("it holds no picture")
	}
	w.h.Pages, w.h.Samples = max(w.frames, 1), colours(false, w.h.Alpha)
	return w.h, nil
}

// soFar is the header of a WebP that is cut short, if its pixels have begun.
func (w *webpReader) soFar() Header {
	if !w.pixels {
		return Header{}
	}
	w.h.Pages, w.h.Samples = max(w.whole, 1), colours(false, w.h.Alpha)
	return w.h
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
		return w.frame(off, n)
	case "ALPH":
		w.h.Alpha = true
	case "ICCP":
		w.h.ICC = true
		if w.h.Profile.Len == 0 {
			w.h.Profile = Extent{off, n}
		}
	case "EXIF":
		w.h.Orientation = exifOrientation(w.s, off, n)
	}
	return nil
}

// frame reads the head of a frame: place, sides less one, and time in 24 bits
// each, flags, and its picture's chunks. As in libvips, an animation has alpha if
// one of its frames has, or does not fill the canvas.
func (w *webpReader) frame(off, n int64) error {
	if w.frames++; w.frames > maxFrames {
		return source.TooLarge("more than %d frames", maxFrames)
	}
	const head = 16
	if n < head+8 {
		return source.Broken("a frame without a picture")
	}
	w.pixels = true
	b, err := w.s.At(off, head+8)
	if err != nil {
		return err
	}
	width := 1 + int(binary.LittleEndian.Uint32(b[6:])&0xffffff)
	height := 1 + int(binary.LittleEndian.Uint32(b[8:])>>8)
	kind := string(b[head : head+4])
	if kind == "ALPH" || width != w.h.Width || height != w.h.Height {
		w.h.Alpha = true
	}
	if kind == "VP8L" && n >= head+8+5 {
		if b, err = w.s.At(off+head+8, 5); err == nil {
			w.h.Alpha = w.h.Alpha || b[4]&0x10 != 0
		}
	}
	return err
}

// canvas reads VP8X: flags, three reserved bytes, and the sides less one in 24
// bits each.
func (w *webpReader) canvas(off, n int64) error {
	if n < 10 || w.extended || w.pixels {
		return source.Broken("a misplaced or short VP8X")
	}
	b, err := w.s.At(off, 10)
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
		return source.CutShort("its VP8 header")
	}
	b, err := w.s.At(off, 10)
	if err != nil {
		return err
	}
	if b[0]&1 != 0 || string(b[3:6]) != "\x9d\x01\x2a" {
		return source.Broken("its VP8 is no key frame")
	}
	return w.picture(int(binary.LittleEndian.Uint16(b[6:])&0x3fff), int(binary.LittleEndian.Uint16(b[8:])&0x3fff))
}

func (w *webpReader) lossless(off, n int64) error {
	if n < 5 {
		return source.CutShort("its VP8L header")
	}
	b, err := w.s.At(off, 5)
	if err != nil {
		return err
	}
	bits := binary.LittleEndian.Uint32(b[1:])
	if b[0] != 0x2f {
		return source.Broken("its VP8L has no signature")
	}
	w.h.Alpha = w.h.Alpha || bits>>28&1 != 0
	return w.picture(1+int(bits&0x3fff), 1+int(bits>>14&0x3fff))
}

// picture takes the size of the one picture, which must be the canvas's.
func (w *webpReader) picture(width, height int) error {
	if w.extended && (width != w.h.Width || height != w.h.Height) {
		return source.Broken("a picture of %dx%d on a canvas of %dx%d", width, height, w.h.Width, w.h.Height)
	}
	if w.pixels {
		return source.Broken("a second picture")
	}
	w.pixels, w.h.Width, w.h.Height = true, width, height
	return nil
}
