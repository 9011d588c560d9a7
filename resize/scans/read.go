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
