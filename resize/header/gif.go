package header

import (
	"encoding/binary"
	"slices"

	"github.com/thumbery/thumbery/resize/internal/source"
	"github.com/thumbery/thumbery/variant"
)

func inspectGIF(s *source.Source) (Header, error) {
	s.Ahead = source.Window
	h := Header{Format: variant.GIF, Orientation: 1, Depth: 8}
	b, err := s.At(6, 4)
	if err != nil {
		return h, err
	}
	h.Width, h.Height = gifScreen(int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:])))
	frames := 0
	var last source.Frame
	for f, err := range s.Frames() {
		if f.Data > 0 && frames == 0 {
			h.grow(f)
		}
		if f.Data > 0 {
			for i, side := range []int{h.Width, h.Height, h.Width, h.Height} {
				f.Place[i] = min(f.Place[i], side) // what lies beyond is not seen
			}
			h.Alpha = h.Alpha || f.Transparent || last.LeavesOpen(f)
			h.Pages, last = max(frames, 1), f
		}
		if err != nil {
			return h, err
		}
		frames++
		h.Pages = frames
	}
	return h, nil
}

// gifScreen does what the decoder, libnsgif, does: a missing or
// very large screen and the sizes that old editors wrote whatever the picture
// was are not believed, and the first frame decides.
func gifScreen(w, h int) (width, height int) {
	doubtful := [][2]int{{640, 480}, {640, 512}, {800, 600}, {1024, 768}, {1280, 1024}, {1600, 1200}}
	if w == 0 || h == 0 || w > 2048 || h > 2048 || slices.Contains(doubtful, [2]int{w, h}) {
		return 1, 1
	}
	return w, h
}

// grow makes the screen large enough for the first frame. Later frames are cut at its edges,
// as libnsgif does, and pixels outside the first one stay transparent.
func (h *Header) grow(f source.Frame) {
	left, top, right, bottom := f.Place[0], f.Place[1], f.Place[2], f.Place[3]
	h.Alpha = left > 0 || top > 0 || right-left < h.Width || bottom-top < h.Height
	h.Width, h.Height = max(h.Width, right), max(h.Height, bottom)
	h.Progressive = f.Interlaced
}
