package header

// nalSequence is the type of network abstraction layer units that are sequence
// parameter sets, from ITU-T H.265, table 7-1.
const nalSequence = 33

// hevcSequenceBytes is how much of a sequence parameter set is looked at: what
// stands before the sizes and depths has at most some 110 bytes.
const hevcSequenceBytes = 256

// hevcSide is the largest that a side may be coded to show so many pixels: it is a
// multiple of the smallest coding block, which has 8 to 64.
func hevcSide(shown int) int { return (shown + 63) &^ 63 }

// hevcConfig reads the largest size, and the depth, from the sequence parameter
// sets in an hvcC (ISO/IEC 14496-15, 8.3.3.1): what the container says of the size
// binds no decoder.
func (s *source) hevcConfig(b box) (heifProperty, error) {
	p := heifProperty{kind: b.kind, depth: 8}
	c := s.cursor(b)
	c.off += 22 // profile, level, depth, frame rate
	for range c.uint(1) {
		c.uint(1) // the type, which the units tell, too
		for range c.uint(2) {
			n := int64(c.uint(2))
			if c.err != nil {
				return p, c.err
			}
			if n > c.end-c.off {
				return p, cutShort("hvcC")
			}
			w, h, depth, err := s.hevcUnit(c.off, n)
			if err != nil {
				return p, err
			}
			p.a, p.b, p.depth = max(p.a, w), max(p.b, h), max(p.depth, depth)
			c.off += n
		}
	}
	return p, c.err
}

// hevcSize reads the largest size from the sequence parameter sets among the coded
// units in the n bytes at off, each after its length in four bytes. There need not
// be any beside those in hvcC. Each unit is taken from *units.
func (s *source) hevcSize(off, n int64, units *int) (width, height int, err error) {
	c := &cursor{s: s, off: off, end: off + n}
	for c.off < c.end {
		length := int64(c.uint(4))
		if *units--; *units < 0 || c.err != nil || length > c.end-c.off {
			return 0, 0, broken("its HEVC data is damaged, or has too many parts")
		}
		w, h, _, err := s.hevcUnit(c.off, length)
		if err != nil {
			return 0, 0, err
		}
		width, height = max(width, w), max(height, h)
		c.off += length
	}
	return width, height, nil
}

// hevcUnit reads the size and depth from a unit of n bytes; they are 0 if it is no
// sequence parameter set.
func (s *source) hevcUnit(off, n int64) (width, height, depth int, err error) {
	b, err := s.at(off, int(min(n, hevcSequenceBytes)))
	if err != nil || len(b) < 2 || b[0]>>1&0x3f != nalSequence {
		return 0, 0, 0, err
	}
	r := &bitReader{b: unescaped(b[2:])}
	width, height, depth = r.hevcSequence()
	if r.over || width < 1 || height < 1 {
		return 0, 0, 0, broken("its HEVC parameters are damaged")
	}
	return width, height, depth, nil
}

// unescaped is b without the third byte of each 00 00 03, which keeps the units'
// start codes from occurring in them.
func unescaped(b []byte) []byte {
	out := make([]byte, 0, len(b))
	zeros := 0
	for _, x := range b {
		if zeros >= 2 && x == 3 {
			zeros = 0
			continue
		}
		if zeros++; x != 0 {
			zeros = 0
		}
		out = append(out, x)
	}
	return out
}

// hevcSequence reads a sequence parameter set, section 7.3.2.2, as far as the
// depth. The sizes are those before the conformance window is cut out.
func (r *bitReader) hevcSequence() (width, height, depth int) {
	r.bits(4) // the id of another set
	layers := int(r.bits(3))
	r.bit()
	r.hevcProfile(layers)
	r.golomb() // id
	if chroma := r.golomb(); chroma == 3 {
		r.bit() // separate planes
	}
	width, height = r.golomb(), r.golomb()
	if window := r.flag(); window {
		for range 4 {
			r.golomb()
		}
	}
	return width, height, 8 + min(max(r.golomb(), r.golomb()), 8)
}

// hevcProfile passes over profile_tier_level, section 7.3.3.
func (r *bitReader) hevcProfile(layers int) {
	const profile, level = 88, 8
	r.pos += profile + level
	if layers == 0 {
		return
	}
	long := 0
	for i := range 8 {
		if hasProfile := r.flag(); hasProfile && i < layers {
			long += profile
		}
		if hasLevel := r.flag(); hasLevel && i < layers {
			long += level
		}
	}
	r.pos += long
}

// golomb reads an Exp-Golomb number, section 9.2, of at most 32 bits.
func (r *bitReader) golomb() int {
	zeros := 0
	for !r.flag() {
		if zeros++; zeros > 31 || r.over {
			r.over = true
			return 0
		}
	}
	return int(1<<zeros - 1 + r.bits(zeros))
}
