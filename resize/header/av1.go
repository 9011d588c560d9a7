package header

// obuSequence is the type of open bitstream units that are sequence headers,
// from the AV1 specification, 6.2.2.
const obuSequence = 1

// av1Size reads the largest frame that the AV1 data of n bytes at off may hold,
// from all of its sequence headers: what the container says of its size binds
// no decoder. Each unit is taken from *units, which must not run out.
func (s *source) av1Size(off, n int64, units *int) (width, height int, err error) {
	end := off + n
	for ; off < end && *units > 0; *units-- {
		b, err := s.at(off, int(min(end-off, 512)))
		if err != nil {
			return 0, 0, err
		}
		kind, head, size, ok := obuHeader(b, end-off)
		if !ok {
			return 0, 0, broken("its AV1 data is damaged")
		}
		if kind == obuSequence {
			w, h, ok := av1Sequence(b[head:min(int64(len(b)), int64(head)+size)])
			if !ok {
				return 0, 0, broken("its AV1 sequence header is damaged")
			}
			width, height = max(width, w), max(height, h)
		}
		off += int64(head) + size
	}
	if off < end || width == 0 {
		return 0, 0, broken("its AV1 data has no sequence header, or too many parts")
	}
	return width, height, nil
}

// av1Depth reads the bits of a sample from the first three bytes of av1C.
func av1Depth(config uint64) int {
	switch config >> 5 & 3 {
	case 2:
		return 10
	case 3:
		return 12
	}
	return 8
}

// obuHeader reads the type of a unit, how long its head is, and how long what
// follows, which is all of rest if it does not say.
func obuHeader(b []byte, rest int64) (kind byte, head int, size int64, ok bool) {
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

// av1Sequence reads the largest frame size from a sequence header, section
// 5.5.1 of the specification.
func av1Sequence(b []byte) (width, height int, ok bool) {
	r := &bitReader{b: b}
	r.bits(3) // profile
	r.bit()   // still picture
	if reduced := r.flag(); reduced {
		r.bits(5) // level
	} else {
		r.av1OperatingPoints()
	}
	w, h := 1+int(r.bits(4)), 1+int(r.bits(4))
	width, height = 1+int(r.bits(w)), 1+int(r.bits(h))
	return width, height, !r.over
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
