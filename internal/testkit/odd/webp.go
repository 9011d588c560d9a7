package odd

import (
	"encoding/binary"
	"slices"
)

// ZeroWebP is a lossless WebP of one colour, of at most 16384 a side, in 40 bytes: a
// code of one symbol takes no bits.
func ZeroWebP(w, h int) []byte { return riff(vp8l(w, h)) }

// FramesWebP is an animated WebP of n frames of one pixel on a canvas of that size.
func FramesWebP(w, h, n int) []byte {
	const animated = 2
	canvas := append([]byte{animated, 0, 0, 0}, append(uint24(w-1), uint24(h-1)...)...)
	frame := slices.Concat(uint24(0), uint24(0), uint24(0), uint24(0), uint24(20), []byte{0}, vp8l(1, 1))
	return riff(riffChunk("VP8X", canvas), riffChunk("ANIM", make([]byte, 6)), slices.Concat(slices.Repeat([][]byte{riffChunk("ANMF", frame)}, n)...))
}

// vp8l is a chunk with the bit stream: sides and version, no transform, no cache, no
// groups, and five codes of the one symbol 0.
func vp8l(w, h int) []byte {
	bits := uint64(w-1) | uint64(h-1)<<14 | 0<<28
	at := 32 + 3
	for range 5 {
		bits |= 1 << at // a simple code; of one symbol, of one bit, 0
		at += 4
	}
	return riffChunk("VP8L", append([]byte{0x2f}, binary.LittleEndian.AppendUint64(nil, bits)...))
}

func riff(chunks ...[]byte) []byte {
	return riffChunk("RIFF", append([]byte("WEBP"), slices.Concat(chunks...)...))
}

func riffChunk(name string, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(data)))
	b = append(b, data...)
	if len(data)%2 != 0 {
		b = append(b, 0)
	}
	return b
}

func uint24(n int) []byte { return []byte{byte(n), byte(n >> 8), byte(n >> 16)} }
