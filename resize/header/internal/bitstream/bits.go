// Package bitstream reads the headers of coded pictures: AV1, HEVC and JPEG XL.
package bitstream

// bitReader takes bits from b. What lies beyond its end reads as zeros, and
// over says so.
type bitReader struct {
	b    []byte
	pos  int  // in bits
	lsb  bool // the first bit of a byte is the lowest, as in JPEG XL
	over bool
}

func (r *bitReader) bit() uint64 {
	i, shift := r.pos>>3, r.pos&7
	if i >= len(r.b) {
		r.over = true
		return 0
	}
	r.pos++
	if !r.lsb {
		shift = 7 - shift
	}
	return uint64(r.b[i]>>shift) & 1
}

// bits reads n <= 32 bits in the order of the stream.
func (r *bitReader) bits(n int) (v uint64) {
	for i := range n {
		if r.lsb {
			v |= r.bit() << i
		} else {
			v = v<<1 | r.bit()
		}
	}
	return v
}

func (r *bitReader) flag() bool { return r.bit() == 1 }
