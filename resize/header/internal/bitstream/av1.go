package bitstream

// AV1Depth reads the bits of a sample from the first three bytes of av1C.
func AV1Depth(config uint64) int {
	switch config >> 5 & 3 {
	case 2:
		return 10
	case 3:
		return 12
	}
	return 8
}

// AV1Unit reads the type of a unit, how long its head is, and how long what
// follows, which is all of rest if it does not say.
func AV1Unit(b []byte, rest int64) (kind byte, head int, size int64, ok bool) {
	kind, head = b[0]>>3&15, 1
	if b[0]&4 != 0 { // an extension
		head++
	}
	if b[0]&2 == 0 {
		return kind, head, rest - int64(head), rest >= int64(head)
	}
	for shift := 0; shift < 56; shift += 7 { // leb128
		if head >= len(b) {
			return 0, 0, 0, false
		}
		c := b[head]
		head++
		size |= int64(c&0x7f) << shift
		if c&0x80 == 0 {
			return kind, head, size, size <= rest-int64(head)
		}
	}
	return 0, 0, 0, false
}

// AV1Sequence reads a sequence header, section 5.5.1 of the specification, up to the
// colours.
func AV1Sequence(b []byte) (s Sequence, ok bool) {
	r := &bitReader{b: b}
	profile := r.bits(3)
	r.bit() // still picture
	reduced := r.flag()
	if reduced {
		r.bits(5) // level
	} else {
		r.av1OperatingPoints()
	}
	w, h := 1+int(r.bits(4)), 1+int(r.bits(4))
	s.Width, s.Height = 1+int(r.bits(w)), 1+int(r.bits(h))
	if !reduced && r.flag() { // frames are numbered
		r.bits(4 + 3)
	}
	r.bits(3)
	if !reduced {
		r.av1Tools()
	}
	r.bits(3)
	r.av1Colours(profile, &s)
	return s, !r.over
}

// av1Tools passes over which tools of films are used.
func (r *bitReader) av1Tools() {
	r.bits(4)
	ordered := r.flag()
	if ordered {
		r.bits(2)
	}
	screen := r.flag() // tools for what screens show: chosen for each frame
	if !screen {
		screen = r.flag() // or always, or never
	}
	if screen && !r.flag() {
		r.bit() // motion by whole pixels
	}
	if ordered {
		r.bits(3)
	}
}

// av1Colours reads color_config, section 5.5.2, up to the range.
func (r *bitReader) av1Colours(profile uint64, s *Sequence) {
	s.Depth = 8
	if r.flag() {
		s.Depth = 10
		if profile == 2 && r.flag() {
			s.Depth = 12
		}
	}
	s.Grey = profile != 1 && r.flag()
	const unspecified = 2
	c := Colours{true, unspecified, unspecified, unspecified, false}
	if r.flag() {
		c.Primaries, c.Transfer, c.Matrix = uint8(r.bits(8)), uint8(r.bits(8)), uint8(r.bits(8))
	}
	isRGB := !s.Grey && c == Colours{true, 1, 13, 0, false} // of which the range is not told
	c.Full = isRGB || r.flag()
	s.Colours = c
}

// av1OperatingPoints passes over what films have before the frame size.
func (r *bitReader) av1OperatingPoints() {
	delay := r.av1Timing()
	display := r.flag()
	for range 1 + int(r.bits(5)) {
		r.bits(12)
		if r.bits(5) > 7 { // level
			r.bit() // tier
		}
		if delay > 0 && r.flag() {
			r.bits(delay)
			r.bits(delay)
			r.bit()
		}
		if display && r.flag() {
			r.bits(4)
		}
	}
}

// av1Timing passes over the timing and decoder model, and returns how many bits
// a buffer delay has, 0 if there is no model.
func (r *bitReader) av1Timing() (delay int) {
	if !r.flag() {
		return 0
	}
	r.bits(32)
	r.bits(32)
	if r.flag() { // equal intervals: a number in uvlc
		r.uvlc()
	}
	if !r.flag() {
		return 0
	}
	delay = 1 + int(r.bits(5))
	r.bits(32)
	r.bits(5)
	r.bits(5)
	return delay
}

// uvlc passes over a number of AV1's variable length code.
func (r *bitReader) uvlc() {
	zeros := 0
	for !r.flag() && !r.over {
		zeros++
	}
	if zeros < 32 {
		r.bits(zeros)
	}
}
