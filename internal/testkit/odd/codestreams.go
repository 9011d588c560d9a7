package odd

import "slices"

// ManyTiles is a JPEG 2000 code stream of side x side pixels in tiles of two, with so
// many components; each tile is empty.
func ManyTiles(side, components int) []byte {
	marker := func(code int, body ...[]byte) []byte {
		b := slices.Concat(body...)
		return slices.Concat(be16(code, len(b)+2), b)
	}
	tiles := (side + 1) / 2
	size := slices.Concat(be16(0), be32(side, side, 0, 0, 2, 2, 0, 0), be16(components))
	for range components {
		size = append(size, 7, 1, 1)
	}
	b := slices.Concat(be16(0xff4f), marker(0xff51, size),
		marker(0xff52, []byte{0, 0, 0, 1, 0, 0, 4, 4, 0, 1}), marker(0xff5c, []byte{0x40, 0x40}))
	for i := range min(tiles*tiles, 65535) {
		b = append(append(b, marker(0xff90, be16(i), be32(14), []byte{0, 1})...), 0xff, 0x93)
	}
	return append(b, be16(0xffd9)...)
}

// ManyChannels is the head of a JPEG XL code stream with n extra channels, 1 to 4096,
// and then zeros.
func ManyChannels(w, h, n int) []byte {
	var s bitWriter
	s.put(0x0aff, 16)
	s.put(0, 1) // sides follow in full
	s.put(3, 2)
	s.put(h-1, 30)
	s.put(0, 3) // no ratio
	s.put(3, 2)
	s.put(w-1, 30)
	s.put(0, 2) // not all default, no extra fields
	s.put(0, 1) // whole numbers
	s.put(0, 2) // of 8 bits
	s.put(1, 1) // in 16
	s.put(3, 2)
	s.put(n-1, 12)
	for range n {
		s.put(1, 1) // each as an alpha channel is by default
	}
	s.put(0b11, 2) // XYB, sRGB
	s.put(0, 2)    // no extensions
	s.put(1, 1)    // default transforms
	return append(s.bytes, make([]byte, 1<<10)...)
}

// bitWriter writes numbers in bits, the lowest first.
type bitWriter struct {
	bytes []byte
	bits  int
}

func (s *bitWriter) put(v, bits int) {
	for i := range bits {
		if s.bits%8 == 0 {
			s.bytes = append(s.bytes, 0)
		}
		s.bytes[s.bits/8] |= byte(v >> i & 1 << (s.bits % 8))
		s.bits++
	}
}
