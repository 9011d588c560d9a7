package scans

import (
	"bytes"
	"slices"

	"github.com/thumbery/thumbery/resize/internal/source"
)

// readSegment reads one segment. It reports whether it is one that can be rewritten.
func (p *picture) readSegment(code byte, body []byte) bool {
	switch {
	case code == source.SOF2:
		return p.readFrame(body)
	case code == source.DQT:
		return p.readTables(body)
	case code == source.SOS:
		return p.readScan(body)
	case code == source.APP14 && bytes.HasPrefix(body, []byte("Adobe")):
		const transform = 11 // 0 is none
		p.isRGB = len(body) <= transform || body[transform] == 0
	}
	return code == source.DHT || code == source.DRI && len(body) == 2 || code >= source.APP0 && code <= source.APP15 || code == source.COM
}

func (p *picture) readFrame(body []byte) bool {
	const head, each, precision = 6, 3, 8
	if p.components != nil || len(body) < head || body[0] != precision {
		return false
	}
	n := int(body[5])
	if n < 1 || n > maxComponents || len(body) != head+each*n || body[1]|body[2] == 0 || body[3]|body[4] == 0 {
		return false
	}
	for b := range slices.Chunk(body[head:], each) {
		c := component{id: b[0], h: b[1] >> 4, v: b[1] & 15, table: b[2], bits: unknown}
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 || int(c.table) >= len(p.quantization) || p.find(c.id) >= 0 {
			return false
		}
		p.components = append(p.components, c)
	}
	return true
}

// find returns the index of a component, or -1.
func (p *picture) find(id byte) int {
	return slices.IndexFunc(p.components, func(c component) bool { return c.id == id })
}

func (p *picture) readTables(body []byte) bool {
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

func (p *picture) readScan(body []byte) bool {
	if len(body) < 1 || body[0] < 1 || len(body) != 4+2*int(body[0]) {
		return false
	}
	c := scan{head: 4 + len(body)}
	parameters := body[len(body)-3:]
	c.first, c.last = parameters[0], parameters[1]
	c.high, c.low = int8(parameters[2]>>4), int8(parameters[2]&15)
	for b := range slices.Chunk(body[1:len(body)-3], 2) { // an id, and Huffman tables
		i := p.find(b[0])
		if i < 0 || slices.Contains(c.components, i) {
			return false
		}
		c.components = append(c.components, i)
	}
	if !c.valid() {
		return false
	}
	for _, i := range c.components {
		k := &p.components[i]
		if !k.extend(&c) {
			return false
		}
		if !k.steps.defined {
			k.steps = p.quantization[k.table]
		}
	}
	p.scans = append(p.scans, c)
	return true
}

// valid reports whether a scan is one that decoders accept.
func (c *scan) valid() bool {
	dc := c.first == 0 && c.last == 0
	ac := c.first > 0 && c.first <= c.last && c.last < coefficients && len(c.components) == 1
	return (dc || ac) && c.low <= 13 && (c.high == 0 || c.low == c.high-1)
}

// extend notes the bits that a scan adds. It reports whether the scan continues where those
// before it have ended.
func (k *component) extend(c *scan) bool {
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
