package scans

import "github.com/thumbery/thumbery/resize/internal/source"

// rewritten is the picture with the scans that are kept.
func (p *picture) rewritten() []byte {
	out := make([]byte, 0, len(p.src)+4+len(p.components)*stepsSize)
	done, scans := int64(0), p.scans
	for _, t := range p.parts {
		out = append(out, p.src[done:t.from]...)
		done = t.to
		switch t.marker {
		case source.SOF2:
			out = p.appendFrame(p.appendSteps(out), t)
		case source.SOS:
			out = p.appendScan(out, t, scans[0])
			scans = scans[1:]
		}
	}
	return append(out, p.src[done:p.end]...)
}

// stepsSize is the size of the steps of one component, all in 16 bits.
const stepsSize = 1 + 2*coefficients

// appendSteps appends a table of quantization steps for each component.
func (p *picture) appendSteps(out []byte) []byte {
	n := 2 + len(p.components)*stepsSize
	out = append(out, 0xff, source.DQT, byte(n>>8), byte(n))
	for i := range p.components {
		out = append(out, 1<<4|byte(i)) // of 16 bits
		for k := range coefficients {
			step := p.components[i].step(k)
			out = append(out, byte(step>>8), byte(step))
		}
	}
	return out
}

// appendFrame appends the frame header, in which each component has a table of its own.
func (p *picture) appendFrame(out []byte, t part) []byte {
	const head, each = 10, 3 // from the marker on
	start := len(out)
	out = append(out, p.src[t.from:t.to]...)
	for i := range p.components {
		out[start+head+each*i+2] = byte(i)
	}
	return out
}

// appendScan appends a scan, if it is kept, with the precision that is left of it.
func (p *picture) appendScan(out []byte, t part, c scan) []byte {
	if !c.kept {
		return out
	}
	start := len(out)
	out = append(out, p.src[t.from:t.to]...)
	left := p.components[c.components[0]].left[c.first]
	high, low := max(c.high-left, 0), c.low-left
	out[start+c.head-1] = byte(high)<<4 | byte(low)
	return out
}
