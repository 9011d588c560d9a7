package header

import (
	"encoding/binary"

	"github.com/thumbery/thumbery/resize/internal/source"
	"github.com/thumbery/thumbery/variant"
)

// webpReader is the state between two chunks of a WebP.
type webpReader struct {
	s        *source.Source
	h        Header // Pages is 0 up to the first pixels, then the complete frames, but at least 1
	extended bool   // the size stands in VP8X
	frames   int
}

func inspectWebP(s *source.Source) (Header, error) {
	w := &webpReader{s: s, h: Header{Format: variant.WebP, Orientation: 1, Depth: 8}}
	for c, err := range s.WebPChunks() {
		if wrong := w.chunk(c); wrong != nil {
			return w.h, wrong
		}
		if err != nil {
			return w.h, err
		}
		w.h.Pages = max(w.h.Pages, w.frames)
	}
	return w.h, nil
}

// chunk reads a chunk, of which the file may hold only the beginning.
func (w *webpReader) chunk(c source.Part) error {
	switch c.Kind {
	case "VP8X":
		return w.canvas(c)
	case "VP8 ":
		return w.lossy(c)
	case "VP8L":
		return w.lossless(c)
	case "ANMF":
		return w.frame(c)
	case "ALPH":
		w.h.Alpha = true
	case "ICCP":
		w.h.ICC = true
		if w.h.Profile.Len == 0 {
			w.h.Profile = Extent{c.Body, c.Len}
		}
	case "EXIF":
		w.h.readEXIF(w.s, c.Body, c.Len)
	}
	return nil
}

// frame reads the head of a frame: place, sides less one, and time in 24 bits
// each, flags, and its picture's chunks. As in libvips, an animation has alpha if
// one of its frames has, or does not fill the canvas.
func (w *webpReader) frame(c source.Part) error {
	const head = 16
	if w.frames++; w.frames > source.MaxFrames {
		return source.TooLarge("more than %d frames", source.MaxFrames)
	}
	if c.Len < head+8 {
		return source.Broken("a frame without a picture")
	}
	w.h.Pages = max(w.h.Pages, 1)
	b, err := w.s.At(c.Body, head+8)
	if err != nil {
		return err
	}
	width, height := webpSides(b[6:])
	kind := string(b[head : head+4])
	if kind == "ALPH" || width != w.h.Width || height != w.h.Height {
		w.h.Alpha = true
	}
	if kind == "VP8L" && c.Len >= head+8+5 {
		if b, err = w.s.At(c.Body+head+8, 5); err == nil {
			w.h.Alpha = w.h.Alpha || b[4]&0x10 != 0
		}
	}
	return err
}

// start reads the first n bytes of a chunk.
func (w *webpReader) start(c source.Part, n int) ([]byte, error) {
	if c.Len < int64(n) {
		return nil, source.CutShort("the beginning of a chunk")
	}
	return w.s.At(c.Body, n)
}

// webpSides reads two sides, less one, of 24 bits each.
func webpSides(b []byte) (width, height int) {
	return 1 + int(binary.LittleEndian.Uint32(b)&0xffffff), 1 + int(binary.LittleEndian.Uint32(b[2:])>>8)
}

// canvas reads VP8X: flags, three reserved bytes, and the sides.
func (w *webpReader) canvas(c source.Part) error {
	if w.extended || w.h.Pages > 0 {
		return source.Broken("a misplaced VP8X")
	}
	b, err := w.start(c, 10)
	if err != nil {
		return err
	}
	w.extended = true
	w.h.Alpha = b[0]&0x10 != 0
	w.h.Width, w.h.Height = webpSides(b[4:])
	return nil
}

// lossy reads the key frame header of RFC 6386, 9.1: a frame tag of three
// bytes, the start code, and the sides in 14 bits each.
func (w *webpReader) lossy(c source.Part) error {
	b, err := w.start(c, 10)
	if err != nil {
		return err
	}
	if b[0]&1 != 0 || string(b[3:6]) != "\x9d\x01\x2a" {
		return source.Broken("its VP8 is no key frame")
	}
	return w.picture(int(binary.LittleEndian.Uint16(b[6:])&0x3fff), int(binary.LittleEndian.Uint16(b[8:])&0x3fff))
}

func (w *webpReader) lossless(c source.Part) error {
	b, err := w.start(c, 5)
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
	if w.h.Pages > 0 {
		return source.Broken("a second picture")
	}
	w.h.Pages, w.h.Width, w.h.Height = 1, width, height
	return nil
}
