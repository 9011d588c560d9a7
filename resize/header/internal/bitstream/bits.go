// Package bitstream reads the headers of coded pictures: AV1 and HEVC.
package bitstream

// bitReader takes bits from b. What lies beyond its end reads as zeros, and
// over says so.
type bitReader struct {
	b    []byte
	pos  int // in bits
	over bool
}

func (r *bitReader) bit() uint64 {
	i, shift := r.pos>>3, r.pos&7
	if i >= len(r.b) {
		r.over = true
		return 0
	}
	r.pos++
	return uint64(r.b[i]>>(7-shift)) & 1
}

// bits reads n <= 32 bits.
func (r *bitReader) bits(n int) (v uint64) {
	for range n {
		v = v<<1 | r.bit()
	}
	return v
}

func (r *bitReader) flag() bool { return r.bit() == 1 }
