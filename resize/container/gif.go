package container

import (
	"compress/lzw"
	"encoding/binary"
	"io"
	"slices"
)

// gifFrame is where a frame of a GIF lies in its file, and what matters of it here.
type gifFrame struct {
	control     int    // its graphic control, where the flags are; 0 if it has none
	transparent bool   // one of its colours is none
	cleared     bool   // its place is to be cleared before the next frame
	place       [4]int // left, top, right, bottom
	colours     int    // in its colour table
	data, end   int
}

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
		if i+1 < len(frames) && f.leavesOpen(frames[i+1]) {
			if colour, ok := f.unused(src, &left); ok {
				if &out[0] == &src[0] {
					out = slices.Clone(src)
				}
				out[f.control+1] |= 1
				out[f.control+4] = colour
				f.transparent = true
			}
		}
		found = found || f.transparent
	}
	if !found {
		out = slices.Concat(out[:frames[len(frames)-1].end], []byte(nothing))
	}
	return out
}

// leavesOpen reports whether something is to be seen of what f was cleared to.
func (f gifFrame) leavesOpen(next gifFrame) bool {
	covered := next.place[0] <= f.place[0] && next.place[1] <= f.place[1] && next.place[2] >= f.place[2] && next.place[3] >= f.place[3]
	return f.cleared && !f.transparent && (next.transparent || !covered)
}

// unused is a colour that no pixel of a frame has, while at most left pixels are unpacked.
func (f gifFrame) unused(src []byte, left *int64) (colour byte, ok bool) {
	width := int(src[f.data])
	switch {
	case f.colours < 256:
		return 255, true
	case width < 2 || width > 8:
		return 0, false
	}
	r := lzw.NewReader(&subBlocks{rest: src[f.data+1 : f.end]}, lzw.LSB, width)
	defer r.Close()
	pixels := int64(f.place[2]-f.place[0]) * int64(f.place[3]-f.place[1])
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

// gifFrames are the frames of a GIF up to its end; nil if one is not whole.
func gifFrames(src []byte) (frames []gifFrame) {
	if len(src) < 13 {
		return nil
	}
	global := tableSize(src[10])
	var f gifFrame
	for off := 13 + 3*global; off < len(src); {
		switch src[off] {
		case 0x21: // an extension
			if head := src[off:]; len(head) >= 8 && head[1] == 0xf9 && head[2] >= 4 {
				f = gifFrame{control: off + 2, transparent: f.transparent || head[3]&1 != 0, cleared: head[3]>>2&7 == 2}
			}
			off = afterSubBlocks(src, off+2)
		case 0x2c: // a frame
			if len(src)-off < 10 {
				return nil
			}
			f.describe(src[off+1:off+10], global)
			f.data = off + 10 + 3*tableSize(src[off+9])
			if f.end = afterSubBlocks(src, f.data+1); f.end > len(src) {
				return nil
			}
			off = f.end
			frames, f = append(frames, f), gifFrame{}
		default:
			return frames
		}
	}
	return frames
}

// describe takes what a frame's descriptor says; global is the size of the table that all
// frames share.
func (f *gifFrame) describe(b []byte, global int) {
	for i := range 2 {
		f.place[i] = int(binary.LittleEndian.Uint16(b[2*i:]))
		f.place[2+i] = f.place[i] + int(binary.LittleEndian.Uint16(b[4+2*i:]))
	}
	if f.colours = tableSize(b[8]); f.colours == 0 {
		f.colours = global
	}
}

// tableSize is how many colours a table has, by the flags of what it belongs to.
func tableSize(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 2 << (flags & 7)
}

// afterSubBlocks is behind a chain of sub-blocks, beyond the end of src if that is within.
func afterSubBlocks(src []byte, off int) int {
	for off < len(src) && src[off] != 0 {
		off += 1 + int(src[off])
	}
	return off + 1
}
