package bitstream

// JXL is the header of a JPEG XL codestream.
type JXL struct {
	Width, Height    int
	Depth            int // bits a sample, 32 for floats
	Extra            int // channels besides the colours; libvips decodes all of them
	Alpha, Gray, ICC bool
}

// maxChannels is how many channels besides the colours are looked at.
const maxChannels = 16

// JXLHeader reads the header of a codestream after its signature; ok is false where b
// ends before it does.
func JXLHeader(b []byte) (h JXL, ok bool) {
	r := &bitReader{b: b, lsb: true}
	h.Depth = 8
	h.Width, h.Height = jxlSize(r)
	h.metadata(r)
	return h, !r.over
}

// jxlSize reads SizeHeader: the height, and the width or a ratio.
func jxlSize(r *bitReader) (width, height int) {
	small := r.flag()
	side := func() int {
		if small {
			return 8 * int(1+r.bits(5))
		}
		return int(1 + r.bits([]int{9, 13, 18, 30}[r.bits(2)]))
	}
	height = side()
	ratio := r.bits(3)
	if ratio == 0 {
		return side(), height
	}
	f := [8][2]int{{}, {1, 1}, {12, 10}, {4, 3}, {3, 2}, {16, 9}, {5, 4}, {2, 1}}[ratio]
	return height * f[0] / f[1], height
}

// metadata reads ImageMetadata as far as the colour space.
func (h *JXL) metadata(r *bitReader) {
	if allDefault := r.flag(); allDefault {
		return
	}
	if extraFields := r.flag(); extraFields {
		if orientation := 1 + r.bits(3); orientation >= 5 { // libjxl turns the picture upright by itself
			h.Width, h.Height = h.Height, h.Width
		}
		r.jxlExtraFields()
	}
	h.Depth = r.jxlDepth()
	r.bit() // modular_16bit_buffers
	h.Extra = r.u32([4]int{0, 1, 2, 1}, [4]int{0, 0, 4, 12})
	for range min(h.Extra, maxChannels) {
		alpha, depth := r.jxlExtraChannel()
		h.Alpha = alpha || h.Alpha
		if alpha && depth > 16 { // all samples are floats, then
			h.Depth = depth
		}
	}
	r.bit()                                 // xyb_encoded
	if allDefault := r.flag(); allDefault { // sRGB
		return
	}
	h.ICC = true // a decoder makes one of the description
	if wantICC := r.flag(); !wantICC {
		h.Gray = r.enum() == 1
	}
}

// jxlExtraFields passes over the other sizes and the film's clock.
func (r *bitReader) jxlExtraFields() {
	if intrinsic := r.flag(); intrinsic {
		jxlSize(r)
	}
	if preview := r.flag(); preview {
		r.jxlPreview()
	}
	if animation := r.flag(); animation {
		r.u32([4]int{100, 1000, 1, 1}, [4]int{0, 0, 10, 30})
		r.u32([4]int{1, 1001, 1, 1}, [4]int{0, 0, 8, 10})
		r.u32([4]int{}, [4]int{0, 3, 16, 32})
		r.bit() // timecodes
	}
}

func (r *bitReader) jxlPreview() {
	small := r.flag()
	side := func() {
		if small {
			r.u32([4]int{16, 32, 1, 33}, [4]int{0, 0, 5, 9})
		} else {
			r.u32([4]int{1, 65, 321, 1345}, [4]int{6, 8, 10, 12})
		}
	}
	side()
	if ratio := r.bits(3); ratio == 0 {
		side()
	}
}

func (r *bitReader) jxlDepth() int {
	if float := r.flag(); float {
		r.u32([4]int{32, 16, 24, 1}, [4]int{0, 0, 0, 6})
		r.bits(4) // of the exponent
		return 32 // as libvips gives them
	}
	return r.u32([4]int{8, 10, 12, 1}, [4]int{0, 0, 0, 6})
}

// jxlExtraChannel reads ExtraChannelInfo and reports whether it is alpha, and of
// how many bits.
func (r *bitReader) jxlExtraChannel() (alpha bool, depth int) {
	if allDefault := r.flag(); allDefault {
		return true, 8
	}
	kind := r.enum()
	depth = r.jxlDepth()
	r.u32([4]int{0, 3, 4, 1}, [4]int{0, 0, 0, 3}) // dim_shift
	for range r.u32([4]int{0, 0, 16, 48}, [4]int{0, 4, 5, 10}) {
		r.bits(8) // its name
	}
	switch kind {
	case 0:
		r.bit() // associated
	case 2: // a spot colour
		r.bits(32)
		r.bits(32)
	case 5: // a colour filter
		r.u32([4]int{1, 0, 3, 19}, [4]int{0, 2, 4, 8})
	}
	return kind == 0, depth
}

// u32 reads a number that JPEG XL writes in one of four ways: so many bits more
// than a base.
func (r *bitReader) u32(base, bits [4]int) int {
	way := r.bits(2)
	return base[way] + int(r.bits(bits[way]))
}

func (r *bitReader) enum() int { return r.u32([4]int{0, 1, 2, 18}, [4]int{0, 0, 4, 6}) }
