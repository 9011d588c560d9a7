package scans

import "bytes"

// JPEG markers, ITU-T T.81 table B.1.
const (
	markSOF2  = 0xc2
	markDHT   = 0xc4
	markSOI   = 0xd8
	markEOI   = 0xd9
	markSOS   = 0xda
	markDQT   = 0xdb
	markDRI   = 0xdd
	markAPP0  = 0xe0
	markAPP14 = 0xee
	markAPPF  = 0xef
	markCOM   = 0xfe
)

// Bounds on what is read. Pictures beyond are left as they are.
const (
	maxScans      = 128 // as in package header
	maxComponents = 4
	maxParts      = maxScans + 16
)

// blockSize is the side of a block of coefficients, and coefficients their number.
const (
	blockSize    = 8
	coefficients = blockSize * blockSize
)

// picture is a progressive JPEG.
type picture struct {
	src        []byte
	end        int // of the end marker
	components [maxComponents]component
	n          int  // how many of components there are
	isRGB      bool // says Adobe's marker, or they may be
	scans      [maxScans]scan
	nScans     int
	parts      [maxParts]part // what is rewritten
	nParts     int

	quantization [maxComponents]steps // those that are defined, while reading
	huffman      [2][4]huffman        // for DC and AC
}

// part is a segment that is rewritten, from its marker on: the frame header, quantization
// tables, or a scan with its data.
type part struct {
	marker   byte
	from, to int
}

// component is one of the colours.
type component struct {
	id, h, v byte
	table    byte  // of quantization
	steps    steps // of that table when the first scan begins
	// bits is, for each coefficient in zigzag order, how many of its lowest bits are not
	// known from the scans read so far; -1 is all.
	bits [coefficients]int8
	// left is the same for the scans that are kept, all of which carry it alike.
	left [coefficients]int8
}

// steps are the quantization steps of coefficients in zigzag order, if they are defined.
type steps struct {
	of      [coefficients]uint16
	defined bool
}

// scan is a pass over some coefficients of some components.
type scan struct {
	components [maxComponents]int // their indices
	n          int                // how many there are
	first      byte               // coefficient in zigzag order
	last       byte
	// How many of the lowest bits were not known before, 0 if nothing was, and are not
	// after this scan. Both stand in one byte, which is the last one of head bytes.
	high, low int8
	head      int
	kept      bool
}

// read reads all markers. It reports whether the picture is one that can be rewritten.
func (p *picture) read() bool {
	if !bytes.HasPrefix(p.src, []byte{0xff, markSOI}) {
		return false
	}
	for at := 2; ; {
		code, from := p.marker(at)
		switch code {
		case 0:
			return false
		case markEOI:
			p.end = from
			return p.complete()
		}
		body := p.segment(from)
		if body == nil {
			return false
		}
		at = from + 2 + len(body)
		if !p.take(code, body) {
			return false
		}
		if code == markSOS {
			at = p.data(at)
		}
		if (code == markSOF2 || code == markDQT || code == markSOS) && !p.rewrite(part{code, from - 2, at}) {
			return false
		}
	}
}

// rewrite takes note of a part that is rewritten.
func (p *picture) rewrite(t part) bool {
	if p.nParts == maxParts {
		return false
	}
	p.parts[p.nParts] = t
	p.nParts++
	return true
}

// marker returns the code of the marker at that place, which may follow fill bytes, and
// where its segment begins; 0 if there is none.
func (p *picture) marker(at int) (code byte, next int) {
	if at >= len(p.src) || p.src[at] != 0xff {
		return 0, 0
	}
	for at++; at < len(p.src); at++ {
		if p.src[at] != 0xff {
			return p.src[at], at + 1
		}
	}
	return 0, 0
}

// segment returns what a segment has after its length, or nil if it is not all there.
func (p *picture) segment(from int) []byte {
	if from+2 > len(p.src) {
		return nil
	}
	n := int(p.src[from])<<8 | int(p.src[from+1])
	if n < 2 || from+n > len(p.src) {
		return nil
	}
	return p.src[from+2 : from+n : from+n]
}

// data returns where the entropy-coded data that begins there ends: at the next marker but
// for those of restarts.
func (p *picture) data(at int) int {
	for {
		i := bytes.IndexByte(p.src[at:], 0xff)
		if i < 0 || at+i+1 >= len(p.src) {
			return len(p.src)
		}
		at += i
		switch c := p.src[at+1]; {
		case c == 0xff:
			at++
		case c == 0, c >= 0xd0 && c <= 0xd7:
			at += 2
		default:
			return at
		}
	}
}

// take takes note of a segment.
func (p *picture) take(code byte, body []byte) bool {
	switch {
	case code == markSOF2:
		return p.takeFrame(body)
	case code == markDQT:
		return p.takeTables(body)
	case code == markDHT:
		return p.takeHuffman(body)
	case code == markSOS:
		return p.takeScan(body)
	case code == markAPP14 && bytes.HasPrefix(body, []byte("Adobe")):
		const transform = 11 // 0 is none
		p.isRGB = len(body) <= transform || body[transform] == 0
	}
	return code == markDRI && len(body) == 2 || code >= markAPP0 && code <= markAPPF || code == markCOM
}

func (p *picture) takeFrame(body []byte) bool {
	const head, each, precision = 6, 3, 8
	if p.n > 0 || len(body) < head || body[0] != precision {
		return false
	}
	n := int(body[5])
	if n < 1 || n > maxComponents || len(body) != head+each*n || body[1]|body[2] == 0 || body[3]|body[4] == 0 {
		return false
	}
	p.n = n
	for i := range n {
		c := &p.components[i]
		b := body[head+each*i:]
		c.id, c.h, c.v, c.table = b[0], b[1]>>4, b[1]&15, b[2]
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 || int(c.table) >= len(p.quantization) || p.find(c.id) != i {
			return false
		}
		for k := range c.bits {
			c.bits[k] = -1
		}
	}
	return true
}

// find returns the index of a component, or -1.
func (p *picture) find(id byte) int {
	for i := range p.n {
		if p.components[i].id == id {
			return i
		}
	}
	return -1
}

func (p *picture) takeTables(body []byte) bool {
	for len(body) > 0 {
		wide, slot := int(body[0]>>4), body[0]&15
		if wide > 1 || int(slot) >= len(p.quantization) || len(body) < 1+coefficients*(1+wide) {
			return false
		}
		t := &p.quantization[slot]
		t.defined = true
		for k := range t.of {
			if wide == 1 {
				t.of[k] = uint16(body[1+2*k])<<8 | uint16(body[2+2*k])
			} else {
				t.of[k] = uint16(body[1+k])
			}
		}
		body = body[1+coefficients*(1+wide):]
	}
	return true
}

func (p *picture) takeScan(body []byte) bool {
	if p.nScans == maxScans || len(body) < 1 || body[0] < 1 || int(body[0]) > p.n || len(body) != 4+2*int(body[0]) {
		return false
	}
	c := &p.scans[p.nScans]
	p.nScans++
	c.n, c.head = int(body[0]), 4+len(body)
	parameters := body[len(body)-3:]
	c.first, c.last = parameters[0], parameters[1]
	c.high, c.low = int8(parameters[2]>>4), int8(parameters[2]&15)
	if !c.valid() {
		return false
	}
	for i := range c.n {
		id, tables := body[1+2*i], body[2+2*i]
		c.components[i] = p.find(id)
		if c.components[i] < 0 || c.uses(c.components[i], i) || !p.decodes(c, tables) || !p.components[c.components[i]].take(c) {
			return false
		}
		if k := &p.components[c.components[i]]; !k.steps.defined {
			k.steps = p.quantization[k.table]
		}
	}
	return true
}

// valid reports whether a scan is one that decoders accept.
func (c *scan) valid() bool {
	dc := c.first == 0 && c.last == 0
	ac := c.first > 0 && c.first <= c.last && c.last < coefficients && c.n == 1
	return (dc || ac) && c.low <= 13 && (c.high == 0 || c.low == c.high-1)
}

// uses reports whether one of the first n components of a scan is that one.
func (c *scan) uses(component, n int) bool {
	for _, i := range c.components[:n] {
		if i == component {
			return true
		}
	}
	return false
}

// decodes reports whether the Huffman tables that a scan names are there and valid.
func (p *picture) decodes(c *scan, tables byte) bool {
	dc, ac := tables>>4, tables&15
	if dc > 3 || ac > 3 {
		return false
	}
	switch {
	case c.first > 0:
		return p.huffman[1][ac].valid
	case c.high == 0:
		return p.huffman[0][dc].valid && p.huffman[0][dc].small
	}
	return true // a refinement of DC is bits
}

// take takes note of a scan, which has to continue where those before have ended.
func (k *component) take(c *scan) bool {
	if c.first > 0 && k.bits[0] < 0 {
		return false
	}
	for i := c.first; i <= c.last; i++ {
		if first := k.bits[i] < 0; first && c.high != 0 || !first && (c.high == 0 || k.bits[i] != c.high) {
			return false
		}
		k.bits[i] = c.low
	}
	return true
}

// complete reports whether all scans together give all coefficients.
func (p *picture) complete() bool {
	if p.n == 0 {
		return false
	}
	for i := range p.n {
		c := &p.components[i]
		if !c.steps.defined || c.bits != [coefficients]int8{} {
			return false
		}
	}
	return true
}
