package odd

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"io"
	"slices"
)

// The colour types of a PNG.
const (
	PNGGrey = 0
	PNGRGB  = 2
	PNGRGBA = 6
)

// PNG describes a PNG of zeros.
type PNG struct {
	Width, Height int
	Depth         int // bits a sample
	Colour        byte
	Interlaced    bool
	Before        [][]byte // whole chunks before the pixels, as Chunk makes them
}

// Encode returns its file: a byte for about each thousand of the decoded picture.
func (p PNG) Encode() []byte {
	interlace := byte(0)
	if p.Interlaced {
		interlace = 1
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(p.Width))
	head = binary.BigEndian.AppendUint32(head, uint32(p.Height))
	b := chunk([]byte("\x89PNG\r\n\x1a\n"), "IHDR", append(head, byte(p.Depth), p.Colour, 0, 0, interlace))
	b = append(b, slices.Concat(p.Before...)...)
	return chunk(chunk(b, "IDAT", Deflated(p.size())), "IEND", nil)
}

// size is how many bytes its rows have, each with the byte of its filter.
func (p PNG) size() int {
	channels := map[byte]int{PNGGrey: 1, PNGRGB: 3, PNGRGBA: 4}[p.Colour]
	rows := func(w, h int) int {
		if w == 0 {
			return 0
		}
		return h * (1 + (w*channels*p.Depth+7)/8)
	}
	if !p.Interlaced {
		return rows(p.Width, p.Height)
	}
	size := 0
	// First column and row of each pass and their steps (PNG, 8.2).
	for _, a := range [][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}} {
		size += rows((p.Width-a[0]+a[2]-1)/a[2], (p.Height-a[1]+a[3]-1)/a[3])
	}
	return size
}

// Chunk is a chunk of a PNG, with its length and checksum.
func Chunk(name string, data []byte) []byte { return chunk(nil, name, data) }

// PNGWith is a small black PNG with chunks between its header and its pixels.
func PNGWith(chunks ...[]byte) []byte {
	return PNG{Width: 40, Height: 30, Depth: 8, Colour: PNGRGB, Before: chunks}.Encode()
}

// ChunkNames are the names of the chunks of a PNG, in their order.
func ChunkNames(src []byte) (names []string) {
	for off := 8; len(src)-off >= 12; off += 12 + int(binary.BigEndian.Uint32(src[off:])) {
		names = append(names, string(src[off+4:off+8]))
	}
	return names
}

// Inflating is a chunk, zTXt, iTXt or iCCP, with a keyword, that unpacks to size
// zeros.
func Inflating(name, keyword string, size int) []byte {
	head := append([]byte(keyword), 0, 0)
	if name == "iTXt" {
		head = append([]byte(keyword), 0, 1, 0, 0, 0) // compressed, by zlib, in no language
	}
	return chunk(nil, name, append(head, Deflated(size)...))
}

// Deflated is size zeros in zlib's format: as the window of the compressor holds
// nothing but zeros, the same bytes stand for each further block of them.
func Deflated(size int) []byte {
	const block = 1 << 20
	var out bytes.Buffer
	z, _ := flate.NewWriter(&out, flate.BestCompression) // the level exists
	zero := make([]byte, min(size, block))
	_, _ = z.Write(zero[:size%block]) // memory takes all
	_ = z.Flush()
	rest := bytes.Clone(out.Bytes())
	out.Reset()
	if size >= block {
		z.Reset(&out)
		_, _ = z.Write(zero)
		_ = z.Flush()
	}
	b := slices.Concat([]byte{0x78, 0xda}, rest, bytes.Repeat(out.Bytes(), size/block), []byte{0x03, 0x00}) // the last block, empty
	return binary.BigEndian.AppendUint32(b, uint32(size%65521)<<16|1)                                       // Adler-32
}

// Inflate unpacks at most so many bytes in zlib's format; ok says that these were
// all, and whole.
func Inflate(packed []byte, most int64) (b []byte, ok bool) {
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, false
	}
	b, err = io.ReadAll(io.LimitReader(z, most+1))
	return b, err == nil && int64(len(b)) <= most
}
