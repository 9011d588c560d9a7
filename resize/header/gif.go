package header

import (
	"encoding/binary"
	"slices"

	"github.com/thumbery/thumbery/resize/header/internal/source"
	"github.com/thumbery/thumbery/variant"
)

// gifReader walks the blocks of a GIF.
type gifReader struct {
	s      *file
	h      Header
	frames int
	whole  int    // frames that are there to their end
	screen [2]int // the logical screen
	grown  [2]int // the screen grown by the first frame
	clears bool   // the next frame is cleared before the one after it
	open   [4]int // what is cleared of the last frame: left, top, right, bottom
}

func inspectGIF(s *file) (Header, error) {
	s.Ahead = source.Window
	g := &gifReader{s: s, h: Header{Format: variant.GIF, Orientation: 1, Depth: 8}}
	b, err := s.At(6, 7)
	if err != nil {
		return Header{}, err
	}
	g.setScreen(int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:])))
	return g.blocks(6 + 7 + colourTable(b[4]))
}

// blocks goes through all that follows the logical screen.
func (g *gifReader) blocks(off int64) (Header, error) {
	for {
		// Without a trailer a GIF is complete if its last block is, and bytes of
		// no kind of block end it like the trailer: decoders and browsers agree.
		if off == g.s.Size && g.frames > 0 {
			return g.end()
		}
		b, err := g.s.At(off, 1)
		if err != nil {
			return g.soFar(), err
		}
		switch kind := b[0]; {
		case kind == 0x21:
			off, err = g.extension(off + 1)
		case kind == 0x2c:
			off, err = g.frame(off + 1)
		case kind == 0x3b || g.frames > 0:
			return g.end()
		default:
			err = source.Broken("a block of the unknown kind %#02x", kind)
		}
		if err != nil {
			return g.soFar(), err
		}
	}
}

// setScreen does what the decoder, libnsgif, does: a missing or
// very large screen and the sizes that old editors wrote whatever the picture
// was are not believed, and the first frame decides.
func (g *gifReader) setScreen(w, h int) {
	doubtful := [][2]int{{640, 480}, {640, 512}, {800, 600}, {1024, 768}, {1280, 1024}, {1600, 1200}}
	if w == 0 || h == 0 || w > 2048 || h > 2048 || slices.Contains(doubtful, [2]int{w, h}) {
		w, h = 1, 1
	}
	g.screen, g.grown = [2]int{w, h}, [2]int{w, h}
}

func (g *gifReader) end() (Header, error) {
	if g.frames == 0 {
		return Header{}, source.Broken("it holds no frame")
	}
	return g.header(g.frames), nil
}

func (g *gifReader) header(frames int) Header {
	g.h.Pages = frames
	g.h.Width, g.h.Height = g.grown[0], g.grown[1]
	g.h.Samples = colours(false, g.h.Alpha)
	return g.h
}

// soFar is the header of a GIF that is cut short, if its first frame has begun.
func (g *gifReader) soFar() Header {
	if g.frames == 0 {
		return Header{}
	}
	return g.header(max(g.whole, 1))
}

func colourTable(flags byte) int64 {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// extension passes over an extension; off is after its introducer. A graphic
// control tells whether a frame is transparent, and whether it is cleared.
func (g *gifReader) extension(off int64) (int64, error) {
	b, err := g.s.At(off, 1)
	if err != nil {
		return 0, err
	}
	if b[0] == 0xf9 {
		if b, err = g.s.At(off+1, 2); err != nil {
			return 0, err
		}
		g.h.Alpha = g.h.Alpha || b[0] > 0 && b[1]&1 != 0
		g.clears = b[0] > 0 && b[1]>>2&7 == 2
	}
	return g.subBlocks(off + 1)
}

func (g *gifReader) frame(off int64) (int64, error) {
	b, err := g.s.At(off, 9)
	if err != nil {
		return 0, err
	}
	if g.frames++; g.frames > maxFrames {
		return 0, source.TooLarge("more than %d frames", maxFrames)
	}
	if g.frames == 1 {
		g.grow(b)
		g.h.Progressive = b[8]&0x40 != 0
	}
	g.cover(b)
	off, err = g.subBlocks(off + 9 + colourTable(b[8]) + 1)
	if err == nil {
		g.whole++
	}
	return off, err
}

// grow makes the screen large enough for the first frame, b is its descriptor.
// Later frames are cut at its edges, as libnsgif does.
func (g *gifReader) grow(b []byte) {
	for i := range 2 {
		start := int(binary.LittleEndian.Uint16(b[2*i:]))
		side := int(binary.LittleEndian.Uint16(b[4+2*i:]))
		g.grown[i] = max(g.grown[i], start+side)
		// Pixels outside the first frame stay transparent.
		if start > 0 || side < g.screen[i] {
			g.h.Alpha = true
		}
	}
}

// cover notes whether a frame, b is its descriptor, leaves something open of what was
// cleared before it.
func (g *gifReader) cover(b []byte) {
	var place [4]int
	for i := range 2 {
		place[i] = min(int(binary.LittleEndian.Uint16(b[2*i:])), g.grown[i])
		place[2+i] = min(place[i]+int(binary.LittleEndian.Uint16(b[4+2*i:])), g.grown[i])
	}
	cleared := g.open[0] < g.open[2] && g.open[1] < g.open[3]
	covered := place[0] <= g.open[0] && place[1] <= g.open[1] && place[2] >= g.open[2] && place[3] >= g.open[3]
	g.h.Alpha = g.h.Alpha || cleared && !covered
	g.open = [4]int{}
	if g.clears {
		g.open = place
	}
	g.clears = false
}

// subBlocks passes over a chain of sub-blocks. Each step goes forward, so the
// file's size bounds it.
func (g *gifReader) subBlocks(off int64) (int64, error) {
	for {
		b, err := g.s.At(off, 1)
		if err != nil {
			return 0, err
		}
		off += 1 + int64(b[0])
		if b[0] == 0 {
			return off, nil
		}
	}
}
