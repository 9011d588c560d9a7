package source

import (
	"encoding/binary"
	"iter"
)

// MaxFrames bounds the frames of a GIF or WebP.
const MaxFrames = 1 << 16

// Frame is a frame of a GIF.
type Frame struct {
	Control     int64  // where its graphic control is, from the length on; 0 if it has none
	Transparent bool   // one of its colours is transparent
	Cleared     bool   // its place is cleared before the next frame
	Place       [4]int // left, top, right, bottom; it may lie outside of the screen
	Interlaced  bool
	Colours     int // in its colour table, or in that of the file
	Data, End   int64
}

// LeavesOpen reports whether next does not cover all that f is cleared to.
func (f Frame) LeavesOpen(next Frame) bool {
	a, b := f.Place, next.Place
	covered := b[0] <= a[0] && b[1] <= a[1] && b[2] >= a[2] && b[3] >= a[3]
	return f.Cleared && a[0] < a[2] && a[1] < a[3] && !covered
}

// Frames yields the frames of a GIF. An error in the data of a frame comes with that frame; any
// other comes with a Frame whose Data is 0. After the first frame the trailer may be missing,
// and a byte that begins no block counts as the trailer, as for decoders and browsers.
func (s *Source) Frames() iter.Seq2[Frame, error] {
	const flags, blocks = 10, 13 // of the screen
	return func(yield func(Frame, error) bool) {
		b, err := s.At(flags, blocks-flags)
		if err != nil {
			yield(Frame{}, err)
			return
		}
		global := tableSize(b[0])
		off := blocks + 3*int64(global)
		for n := range MaxFrames + 1 {
			f, err := s.frame(off, global, n > 0)
			if n == MaxFrames && f.Data > 0 {
				err = TooLarge("more than %d frames", MaxFrames)
			}
			if f.Data == 0 && err == nil || !yield(f, err) || err != nil {
				return
			}
			off = f.End
		}
	}
}

// frame reads the frame whose first block is at off. It returns the zero Frame at the end of
// the file, which there is only after a frame.
func (s *Source) frame(off int64, global int, after bool) (f Frame, err error) {
	for {
		if after && off == s.Size {
			return Frame{}, nil
		}
		b, err := s.At(off, 1)
		if err != nil {
			return Frame{}, err
		}
		switch kind := b[0]; {
		case kind == 0x21:
			off, err = s.extension(off, &f)
		case kind == 0x2c:
			return s.image(off, global, f)
		case kind == 0x3b || after:
			return Frame{}, nil
		default:
			err = Broken("a block of the unknown kind %#02x", kind)
		}
		if err != nil {
			return Frame{}, err
		}
	}
}

// extension reads an extension, which may be the graphic control of f, and returns its end.
func (s *Source) extension(off int64, f *Frame) (int64, error) {
	b, err := s.At(off+1, 2) // its label, and a length
	if err != nil {
		return 0, err
	}
	if b[0] == 0xf9 && b[1] >= 4 {
		if b, err = s.At(off+3, 4); err != nil {
			return 0, err
		}
		f.Control, f.Transparent, f.Cleared = off+2, f.Transparent || b[0]&1 != 0, b[0]>>2&7 == 2
	}
	return s.subBlocks(off + 2)
}

// image reads a frame from its descriptor on.
func (s *Source) image(off int64, global int, f Frame) (Frame, error) {
	b, err := s.At(off+1, 9)
	if err != nil {
		return Frame{}, err
	}
	for i := range 2 {
		f.Place[i] = int(binary.LittleEndian.Uint16(b[2*i:]))
		f.Place[2+i] = f.Place[i] + int(binary.LittleEndian.Uint16(b[4+2*i:]))
	}
	own := tableSize(b[8])
	f.Interlaced, f.Data = b[8]&0x40 != 0, off+10+3*int64(own)
	if f.Colours = own; own == 0 {
		f.Colours = global
	}
	f.End, err = s.subBlocks(f.Data + 1)
	return f, err
}

// tableSize is how many colours a table has, by the flags of what it belongs to.
func tableSize(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 2 << (flags & 7)
}

// subBlocks passes over a chain of sub-blocks. Each step goes forward, so the
// file's size bounds it.
func (s *Source) subBlocks(off int64) (int64, error) {
	for {
		b, err := s.At(off, 1)
		if err != nil {
			return 0, err
		}
		off += 1 + int64(b[0])
		if b[0] == 0 {
			return off, nil
		}
	}
}
