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
// of ITU-T H.265. The sizes are those before the conformance window is cut out. Colours are
// left out where they stand behind what is too long, or too complicated, for still pictures.
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
	if r.over {
		return s, false
	}
	if r.hevcTools(layers) && r.flag() { // usability information
		s.Colours = r.hevcColours()
	}
	if r.over {
		s.Colours = Colours{}
	}
	return s, true
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

// golombs passes over n numbers.
func (r *bitReader) golombs(n int) {
	for range n {
		r.golomb()
	}
}

// hevcTools passes over what stands between the depth and the usability information; ok is
// false where that is not known.
func (r *bitReader) hevcTools(layers int) (ok bool) {
	order := 4 + r.golomb() // bits of a picture's place in the order
	if order > 16 {
		return false
	}
	if all := r.flag(); !all {
		layers = 0
	}
	r.golombs(3 * (layers + 1))
	r.golombs(6) // sizes of blocks
	if scaling := r.flag(); scaling {
		if own := r.flag(); own {
			r.hevcScaling()
		}
	}
	r.bits(2)
	if pulses := r.flag(); pulses {
		r.bits(8)
		r.golombs(2)
		r.bit()
	}
	if !r.hevcReferences() {
		return false
	}
	if long := r.flag(); long {
		for range min(r.golomb(), 32) {
			r.bits(order)
			r.bit()
		}
	}
	r.bits(2)
	return !r.over
}

// hevcScaling passes over scaling_list_data, section 7.3.4.
func (r *bitReader) hevcScaling() {
	for size := range 4 {
		lists := 6
		if size == 3 {
			lists = 2
		}
		for range lists {
			switch own := r.flag(); {
			case !own:
				r.golomb()
			case size > 1:
				r.golombs(1 + 64)
			default:
				r.golombs(16 << (2 * size))
			}
		}
	}
}

// hevcReferences passes over the sets of pictures that others refer to, section 7.3.7; ok
// is false where one is told by its difference from another.
func (r *bitReader) hevcReferences() (ok bool) {
	for i := range min(r.golomb(), 64) {
		if i > 0 && r.flag() {
			return false
		}
		for range min(r.golomb()+r.golomb(), 32) {
			r.golomb()
			r.bit()
		}
	}
	return !r.over
}

// hevcColours reads the usability information, section E.2.1, up to the colours.
func (r *bitReader) hevcColours() Colours {
	const own, unspecified = 255, 2
	if r.flag() && r.bits(8) == own { // the shape of pixels
		r.bits(32)
	}
	if r.flag() {
		r.bit()
	}
	if !r.flag() {
		return Colours{}
	}
	r.bits(3)
	c := Colours{true, unspecified, unspecified, unspecified, r.flag()}
	if r.flag() {
		c.Primaries, c.Transfer, c.Matrix = uint8(r.bits(8)), uint8(r.bits(8)), uint8(r.bits(8))
	}
	return c
}
