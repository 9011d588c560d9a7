package scans

import "bytes"

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
