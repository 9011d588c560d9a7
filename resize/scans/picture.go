package scans

import (
	"bytes"

	"github.com/thumbery/thumbery/resize/internal/source"
)

// blockSize is the side of a block of coefficients, and coefficients their number.
const (
	blockSize    = 8
	coefficients = blockSize * blockSize
)

// maxComponents is how many colours a JPEG has at most.
const maxComponents = 4

// picture is a progressive JPEG.
type picture struct {
	src        []byte
	end        int64 // of the end marker
	components []component
	isRGB      bool // says Adobe's marker, or they may be
	scans      []scan
	parts      []part // what is rewritten, in order

	quantization [maxComponents]steps // those that are defined, while reading
}

// part is a segment that is rewritten, from its marker on: the frame header, quantization
// tables, or a scan with its data.
type part struct {
	marker   byte
	from, to int64
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
	components []int // their indices
	first      byte  // coefficient in zigzag order
	last       byte
	// How many of the lowest bits were not known before, 0 if nothing was, and are not
	// after this scan. Both stand in one byte, which is the last one of head bytes.
	high, low int8
	head      int
	kept      bool
}

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
