package scans

// rewritten is the picture with the scans that are kept.
func (p *picture) rewritten() []byte {
	out := make([]byte, 0, p.size())
	done, scans := 0, 0
	for _, t := range p.parts[:p.nParts] {
		out = append(out, p.src[done:t.from]...)
		done = t.to
		switch t.marker {
		case markSOF2:
			out = p.appendFrame(p.appendSteps(out), t)
		case markSOS:
			out = p.appendScan(out, t, p.scans[scans])
			scans++
		}
	}
	return append(out, p.src[done:p.end]...)
}

// stepsSize is the size of the steps of one component, all in 16 bits.
const stepsSize = 1 + 2*coefficients

// size is at least how long the result is.
func (p *picture) size() int {
	n, scans := p.end+4+p.n*stepsSize, 0
	for _, t := range p.parts[:p.nParts] {
		if t.marker != markSOS {
			continue
		}
		if !p.scans[scans].kept {
			n -= t.to - t.from
		}
		scans++
	}
	return n
}

// appendSteps appends a table of quantization steps for each component.
func (p *picture) appendSteps(out []byte) []byte {
	n := 2 + p.n*stepsSize
	out = append(out, 0xff, markDQT, byte(n>>8), byte(n))
	for i := range p.n {
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
	for i := range p.n {
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
