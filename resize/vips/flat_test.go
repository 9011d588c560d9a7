package vips

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"image/color"
	"math"
	"slices"

	"github.com/thumbery/thumbery/internal/testkit/odd"
)

// flatPNG is a PNG to be written.
type flatPNG struct {
	kind, depth int // of colour, and bits a sample
	interlaced  bool
	transparent bool // upper is, by tRNS
}

// levels is the largest sample.
func (f flatPNG) levels() float64 { return float64(uint(1)<<f.depth - 1) }

// shows is the colour that is seen of c.
func (f flatPNG) shows(c color.NRGBA) color.NRGBA {
	if f.kind != 4 && f.kind != 6 {
		c.A = 255
	}
	if f.kind == 0 || f.kind == 4 {
		grey := uint8(math.Round(math.Round(float64(c.G)/255*f.levels()) / f.levels() * 255))
		c = color.NRGBA{grey, grey, grey, c.A}
	}
	if f.transparent && c.R == f.shownUpper() {
		return color.NRGBA{}
	}
	return c
}

// shownUpper tells upper from lower.
func (f flatPNG) shownUpper() uint8 {
	f.transparent = false
	return f.shows(upper).R
}

// samples are those of c.
func (f flatPNG) samples(c color.NRGBA) []uint {
	of := func(list ...uint8) (out []uint) {
		for _, v := range list {
			out = append(out, uint(math.Round(float64(v)/255*f.levels())))
		}
		return out
	}
	switch f.kind {
	case 0:
		return of(c.G)
	case 2:
		return of(c.R, c.G, c.B)
	case 3:
		if c == upper {
			return []uint{0}
		}
		return []uint{1}
	case 4:
		return of(c.G, c.A)
	}
	return of(c.R, c.G, c.B, c.A)
}

// raw is what is to be compressed: each row of each pass, behind its filter.
func (f flatPNG) raw() []byte {
	passes := [][4]int{{0, 0, 1, 1}} // x, y, and the steps between pixels and rows
	if f.interlaced {
		passes = [][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}
	}
	var raw []byte
	for _, p := range passes {
		for y := p[1]; y < flatH; y += p[3] {
			var w bits
			for x := p[0]; x < flatW; x += p[2] {
				for _, v := range f.samples(flatAt(y)) {
					w.put(v, f.depth)
				}
			}
			raw = append(append(raw, 0), w.done()...)
		}
	}
	return raw
}

func (f flatPNG) encode() []byte { return f.around(packed(f.raw())) }

// around is a PNG whose IDAT is that, with right checksums.
func (f flatPNG) around(idat []byte) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, flatW), flatH)
	head = append(head, byte(f.depth), byte(f.kind), 0, 0, 0)
	if f.interlaced {
		head[12] = 1
	}
	parts := [][]byte{[]byte("\x89PNG\r\n\x1a\n"), odd.Chunk("IHDR", head)}
	if f.kind == 3 {
		parts = append(parts, odd.Chunk("PLTE", []byte{upper.R, upper.G, upper.B, lower.R, lower.G, lower.B}))
	}
	if f.transparent {
		parts = append(parts, odd.Chunk("tRNS", f.tRNS()))
	}
	return slices.Concat(append(parts, odd.Chunk("IDAT", idat), odd.Chunk("IEND", nil))...)
}

func (f flatPNG) tRNS() []byte {
	if f.kind == 3 {
		return []byte{0, 255}
	}
	var b []byte
	for _, v := range f.samples(upper) {
		b = binary.BigEndian.AppendUint16(b, uint16(v))
	}
	return b
}

func packed(raw []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write(raw)
	_ = w.Close()
	return b.Bytes()
}

// flatJPEG is a JPEG to be written, in blocks of one colour.
type flatJPEG struct {
	name   string
	frame  byte   // SOF0 and so on
	bits   byte   // of a sample
	ids    string // of its components, one byte each
	marker []byte // JFIF's or Adobe's; nil for none
	// samples are those of a colour, and exact is false where inks make it.
	samples func(c color.NRGBA) []uint8
	exact   bool
}

func adobe(transform byte) []byte {
	return append([]byte{0xff, 0xee, 0, 14}, append([]byte("Adobe\x00\x64\x00\x00\x00\x00"), transform)...)
}

// encode writes the file: DC coefficients are samples less 128, and all others 0.
func (f flatJPEG) encode() []byte {
	n := byte(len(f.ids))
	out := slices.Concat([]byte{0xff, 0xd8}, f.marker, []byte{0xff, 0xdb, 0, 67, 0}, bytes.Repeat([]byte{8}, 64))
	out = append(out, 0xff, 0xc0|f.frame, 0, 8+3*n, f.bits, 0, flatH, 0, flatW, n)
	scan := []byte{0xff, 0xda, 0, 6 + 2*n, n}
	for _, id := range []byte(f.ids) {
		out = append(out, id, 0x11, 0)
		scan = append(scan, id, 0)
	}
	// Codes of 4 bits for the lengths of DC, and of one bit for the end of a block.
	out = append(out, 0xff, 0xc4, 0, 19+12, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	out = append(out, 0xff, 0xc4, 0, 19+1, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	out = append(append(out, scan...), 0, 63, 0)
	return append(append(out, f.blocks()...), 0xff, 0xd9)
}

func (f flatJPEG) blocks() []byte {
	var w bits
	before := make([]int, len(f.ids))
	for y := 0; y < flatH; y += 8 {
		for x := 0; x < flatW; x += 8 {
			for i, v := range f.samples(flatAt(y)) {
				diff := int(v) - 128 - before[i]
				before[i] += diff
				long := 0
				for 1<<long <= max(diff, -diff) {
					long++
				}
				if diff < 0 {
					diff += 1<<long - 1
				}
				w.put(uint(long), 4)
				w.put(uint(diff), long)
				w.put(0, 1)
			}
		}
	}
	for w.n > 0 {
		w.put(1, 1)
	}
	return bytes.ReplaceAll(w.out, []byte{0xff}, []byte{0xff, 0})
}
