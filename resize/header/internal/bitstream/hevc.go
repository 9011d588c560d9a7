package bitstream

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

// HEVCSequence reads a sequence parameter set after its unit's head, section 7.3.2.2
// of ITU-T H.265, up to the depth. The sizes are those before the conformance window is cut
// out. The colours, which stand far behind, are not read.
func HEVCSequence(b []byte) (s Sequence, ok bool) {
	r := &bitReader{b: unescaped(b)}
	r.bits(4) // the id of another set
	layers := int(r.bits(3))
	r.bit()
	r.hevcProfile(layers)
	r.golomb() // id
	chroma := r.golomb()
	if s.Grey = chroma == 0; chroma == 3 {
		r.bit() // separate planes
	}
	s.Width, s.Height = r.golomb(), r.golomb()
	if window := r.flag(); window {
		for range 4 {
			r.golomb()
		}
	}
	s.Depth = 8 + min(max(r.golomb(), r.golomb()), 8)
	return s, !r.over
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
