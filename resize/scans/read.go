package scans

import (
	"bytes"

	"github.com/thumbery/thumbery/resize/internal/source"
)

// read reads all segments. It reports whether the picture is one that can be rewritten.
func (p *picture) read() bool {
	if !bytes.HasPrefix(p.src, []byte{0xff, source.SOI}) {
		return false
	}
	last := source.Segment{End: 2}
	for g, err := range source.Of(p.src).Segments(2) {
		if err != nil {
			return false
		}
		if last.Code == source.SOS { // with data up to the next marker
			p.parts[len(p.parts)-1].to = g.Off
		} else if between := p.src[last.End:g.Off]; len(bytes.Trim(between, "\xff")) > 0 {
			return false // these are no fill bytes
		}
		if g.Code == source.EOI {
			p.end = g.End
			return p.complete()
		}
		if !p.readSegment(g.Code, p.src[g.Body:g.End:g.End]) {
			return false
		}
		if g.Code == source.SOF2 || g.Code == source.DQT || g.Code == source.SOS {
			p.parts = append(p.parts, part{g.Code, g.Off, g.End})
		}
		last = g
	}
	return false
}

// complete reports whether all scans together give all coefficients.
func (p *picture) complete() bool {
	for i := range p.components {
		c := &p.components[i]
		if !c.steps.defined || c.bits != [coefficients]int8{} {
			return false
		}
	}
	return len(p.components) > 0
}
