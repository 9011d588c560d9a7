package container

import (
	"compress/lzw"
	"io"
	"slices"

	"github.com/thumbery/thumbery/resize/internal/source"
)

// nothing is a frame of a GIF, one pixel that is transparent, and the end of the file.
const nothing = "\x21\xf9\x04\x01\x00\x00\x00\x00" +
	"\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x02\x02\x44\x01\x00" + "\x3b"

// maxUnpacked is how many pixels of a GIF are unpacked to find colours that are not used.
const maxUnpacked = 64 << 20

// TransparentGIF is src so that its decoder, libnsgif, leaves transparent what its frames
// leave open, as browsers do. libvips drops alpha, which leaves black, if no frame has a
// transparent colour: then a frame that nobody asks for is added, with one. And where a
// frame has none, its place is cleared to the background colour: then a colour that it
// does not use becomes transparent, if there is one. src is not changed. What is damaged
// stays as it is.
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
		out = slices.Concat(out[:frames[len(frames)-1].End], []byte(nothing))
	}
	return out
}

// gifFrames are the frames of a GIF; nil if one is damaged.
func gifFrames(src []byte) (frames []source.Frame) {
	for f, err := range source.Of(src).Frames() {
		if err != nil {
			return nil
		}
		frames = append(frames, f)
	}
	return frames
}

// showsCleared reports whether something is to be seen of what f is cleared to.
func showsCleared(f, next source.Frame) bool {
	return !f.Transparent && (f.Cleared && next.Transparent || f.LeavesOpen(next))
}

// unusedColour is one that no pixel of a frame has, while at most left pixels are unpacked.
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

// subBlocks reads what is in a chain of sub-blocks.
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
