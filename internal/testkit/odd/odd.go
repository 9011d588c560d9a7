// Package odd makes hostile files of any size for tests: variants of files in testdata, and
// files that are too large to be kept.
package odd

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// ManyFrames is a GIF of n frames on a screen of 100x100, each one red pixel and
// 20 ms long: 23 bytes a frame. Every decoder takes it.
func ManyFrames(n int) []byte { return FramesOn(100, 100, n) }

// FramesOn is ManyFrames on a screen of another size, at most 65535 a side.
func FramesOn(w, h, n int) []byte {
	b := append([]byte("GIF89a"), byte(w), byte(w>>8), byte(h), byte(h>>8))
	b = append(b, "\x80\x00\x00\xff\x00\x00\x00\x00\x00"...)
	b = append(b, "\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"...)
	frame := []byte("\x21\xf9\x04\x04\x02\x00\x00\x00" + "\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00" + "\x02\x02\x44\x01\x00")
	return append(append(b, bytes.Repeat(frame, n)...), 0x3b)
}

// ManyScans is a grey progressive JPEG of n scans, 16 bytes each for pictures of
// up to 65534 blocks. All but the first hold nothing, and each costs a decoder a
// pass over the whole picture; it warns of them, and decodes an even grey.
func ManyScans(w, h, n int) []byte {
	blocks := (w + 7) / 8 * ((h + 7) / 8)
	b := []byte{0xff, 0xd8}
	b = segment(b, 0xdb, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...)...)
	b = segment(b, 0xc2, 8, byte(h>>8), byte(h), byte(w>>8), byte(w), 1, 1, 0x11, 0)
	b = segment(b, 0xc4, huffman(0x00, 0)...)
	// EOB14: the end of the block, and of 2^14 and as many as 14 bits tell more.
	b = segment(b, 0xc4, huffman(0x10, 0x00, 0xe0)...)
	b = segment(b, 0xda, 1, 1, 0, 0, 0, 0)
	b = append(b, make([]byte, (blocks+7)/8)...)
	b[len(b)-1] |= byte(1<<(-blocks&7)) - 1 // the last byte is filled up with ones
	scan := append(segment(nil, 0xda, 1, 1, 0, 1, 63, 0), empty(blocks)...)
	return append(append(b, bytes.Repeat(scan, max(n-1, 0))...), 0xff, 0xd9)
}

func segment(b []byte, code byte, content ...byte) []byte {
	b = append(b, 0xff, code)
	b = binary.BigEndian.AppendUint16(b, uint16(len(content)+2))
	return append(b, content...)
}

// huffman is a table of one or two symbols, with codes 0 and 10.
func huffman(id byte, symbols ...byte) []byte {
	b := make([]byte, 17)
	b[0] = id
	for i := range symbols {
		b[1+i] = 1
	}
	return append(b, symbols...)
}

// empty is the entropy-coded data of so many blocks that hold nothing: runs of
// the code 10 and 14 bits, and at the end the code 0 for each block left.
func empty(blocks int) []byte {
	const run = 1<<14 - 1
	var bits []byte
	for blocks >= 1<<14 {
		n := min(blocks, 1<<14+run)
		bits = append(bits, 1, 0)
		for i := 13; i >= 0; i-- {
			bits = append(bits, byte((n-1<<14)>>i&1))
		}
		blocks -= n
	}
	bits = append(bits, make([]byte, blocks)...)
	for len(bits)%8 != 0 {
		bits = append(bits, 1)
	}
	var out []byte
	for byteBits := range slices.Chunk(bits, 8) {
		var c byte
		for _, bit := range byteBits {
			c = c<<1 | bit
		}
		if out = append(out, c); c == 0xff {
			out = append(out, 0)
		}
	}
	return out
}

// InflatingPNG is one grey pixel, and before it a chunk, zTXt or iCCP, that
// unpacks to size zeros: one byte for each thousand.
func InflatingPNG(kind string, size int) []byte {
	b := chunk([]byte("\x89PNG\r\n\x1a\n"), "IHDR", []byte{0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0})
	b = chunk(b, kind, append([]byte("Comment\x00\x00"), zeros(size)...))
	b = chunk(b, "IDAT", Deflate([]byte{0, 0x80}))
	return chunk(b, "IEND", nil)
}

func chunk(b []byte, name string, data []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	at := len(b)
	b = append(append(b, name...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[at:]))
}

func zeros(size int) []byte {
	var out bytes.Buffer
	z, _ := zlib.NewWriterLevel(&out, zlib.BestCompression) // the level exists
	block := make([]byte, 64<<10)
	for ; size > 0; size -= len(block) {
		_, _ = z.Write(block[:min(size, len(block))]) // memory takes all
	}
	_ = z.Close()
	return out.Bytes()
}

// Deflate packs b in zlib's format.
func Deflate(b []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	_, _ = z.Write(b) // memory takes all
	_ = z.Close()
	return out.Bytes()
}
