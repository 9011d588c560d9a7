// Package bitstream reads the headers of coded pictures: AV1 and HEVC.
package bitstream

// Sequence is what a coded picture says of itself.
type Sequence struct {
	Width, Height int // pixels that are unpacked; the largest of several
	Depth         int // bits a sample
	Grey          bool
	Colours       Colours
}

// Colours are numbers of ITU-T H.273.
type Colours struct {
	Known                       bool // false if nothing is said; then all is zero
	Primaries, Transfer, Matrix uint8
	Full                        bool // samples have all values, not only those of video
}

// And is s with what another header of the same picture says.
func (s Sequence) And(t Sequence) Sequence {
	t.Width, t.Height, t.Depth = max(s.Width, t.Width), max(s.Height, t.Height), max(s.Depth, t.Depth)
	return t
}

// bitReader reads bits from b. Beyond its end it returns zeros and sets over.
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

// bits reads n <= 32 bits. It ends with the input, whatever n is.
func (r *bitReader) bits(n int) (v uint64) {
	for i := 0; i < n && !r.over; i++ {
		v = v<<1 | r.bit()
	}
	return v
}

func (r *bitReader) flag() bool { return r.bit() == 1 }
