package container

import (
	"compress/lzw"
	"io"
	"slices"

	"github.com/thumbery/thumbery/resize/internal/source"
)

// transparentFrame is a frame of a GIF, one pixel that is transparent, and the end of the file.
const transparentFrame = "\x21\xf9\x04\x01\x00\x00\x00\x00" +
	"\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x02\x02\x44\x01\x00" + "\x3b"

// maxUnpacked is how many pixels of a GIF are unpacked to find colours that are not used.
const maxUnpacked = 64 << 20

// TransparentGIF changes a GIF so that its decoder, libnsgif, leaves transparent what its
// frames do not cover, as browsers do:
//
//   - If no frame has a transparent colour, libvips drops alpha, and what is not covered
//     becomes black. So a frame with one is added behind the last, which nobody asks for.
//   - If a frame has none, its place is cleared to the background colour. So a colour that
//     the frame does not use is made transparent, if there is one.
//
// src itself is not changed. A GIF without a whole frame is returned as it is.
func TransparentGIF(src []byte) []byte {
	frames := gifFrames(src)
	if len(frames) == 0 {
		return src
	}
	found, out, left := false, src, int64(maxUnpacked)
	for i, f := range frames {
		if i+1 < len(frames) && showsCleared(f, frames[i+1]) {
			if colour, ok := unusedColour(f, src, &left); ok {
				if &out[0] == &src[0] {
					out = slices.Clone(src)
				}
				out[f.Control+1] |= 1
				out[f.Control+4] = colour
				f.Transparent = true
			}
		}
		found = found || f.Transparent
	}
	if !found {
		out = slices.Concat(out[:frames[len(frames)-1].End], []byte(transparentFrame))
	}
	return out
}

// gifFrames are the frames of a GIF, up to the first that is not whole.
func gifFrames(src []byte) (frames []source.Frame) {
	for f, err := range source.Of(src).Frames() {
		if err != nil {
			break
		}
		frames = append(frames, f)
	}
	return frames
}

// showsCleared reports whether something of the place of f is seen after it was cleared.
func showsCleared(f, next source.Frame) bool {
	return !f.Transparent && (f.Cleared && next.Transparent || f.LeavesOpen(next))
}

// unusedColour finds a colour that no pixel of a frame has. It unpacks at most left pixels, and
// subtracts those that it has unpacked.
func unusedColour(f source.Frame, src []byte, left *int64) (colour byte, ok bool) {
	width := int(src[f.Data])
	switch {
	case f.Colours < 256:
		return 255, true
	case width < 2 || width > 8:
		return 0, false
	}
	r := lzw.NewReader(&subBlocks{rest: src[f.Data+1 : f.End]}, lzw.LSB, width)
	defer r.Close()
	pixels := int64(f.Place[2]-f.Place[0]) * int64(f.Place[3]-f.Place[1])
	used, buf := [256]bool{}, make([]byte, 4<<10)
	for from := io.LimitReader(r, min(pixels, *left)); ; {
		n, err := from.Read(buf)
		*left -= int64(n)
		for _, c := range buf[:n] {
			used[c] = true
		}
		if err != nil {
			break
		}
	}
	free := slices.Index(used[:], false)
	return byte(free), free >= 0 && *left > 0
}

// subBlocks reads the content of a chain of sub-blocks.
type subBlocks struct{ block, rest []byte }

func (s *subBlocks) Read(p []byte) (int, error) {
	if len(s.block) == 0 {
		if len(s.rest) == 0 || s.rest[0] == 0 {
			return 0, io.EOF
		}
		n := min(1+int(s.rest[0]), len(s.rest))
		s.block, s.rest = s.rest[1:n], s.rest[n:]
	}
	n := copy(p, s.block)
	s.block = s.block[n:]
	return n, nil
}
