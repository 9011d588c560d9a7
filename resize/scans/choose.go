package scans

// precision says which coefficients of a component are needed, and to how many bits.
type precision struct {
	last byte // in zigzag order, the last coefficient that is needed
	bits int8 // how many of the lowest bits of the AC coefficients may be unknown
}

// exact needs every bit of every coefficient.
var exact = precision{coefficients - 1, 0}

// precisions are what is needed of a component, by the number of samples a side to which its
// blocks are decoded, if the result is then reduced by plentiful or more. A block of 2x2 hardly has what is
// above the coefficients (0,1), (1,0), (1,1), (0,2) and (2,0), one of 4x4 what is above
// (3,3), but in the first passes, which cost least, there is more than is needed. See
// docs/benchmarks.md for what others cost, and what they do to the quality.
var precisions = map[int]precision{1: {0, 0}, 2: {4, 2}, 4: {24, 1}, 8: exact}

// plentiful is the least reduction that averages away the errors of precisions.
const plentiful = 2

// needed is the precision that is needed of a component. Of Cb and Cr, a quarter of the
// samples does, as in most files; not of Y, whose edges one sees.
func (p *picture) needed(i int, u Use) precision {
	size := p.scaledSize(i, u.Shrink)
	switch {
	case size == 1: // exact, too
	case u.Shrink == blockSize:
		return exact
	case u.Left < plentiful:
		size = min(2*size, blockSize)
	case size == 2 && p.isChroma(i):
		size = 1
	}
	return precisions[size]
}

// isChroma reports whether a component is certainly Cb or Cr, and has at least half as many
// samples as Y in each direction.
func (p *picture) isChroma(i int) bool {
	y, c := p.components[0], p.components[i]
	return i > 0 && len(p.components) == 3 && !p.isRGB && y.id != 'R' && y.h <= 2*c.h && y.v <= 2*c.v
}

// scaledSize is the side, in samples, to which libjpeg decodes a block: what remains of
// blockSize, or twice as much and more where a component has fewer samples than others in
// both directions, which saves interpolating them.
func (p *picture) scaledSize(i, shrink int) int {
	maxH, maxV := 1, 1
	for _, c := range p.components {
		maxH, maxV = max(maxH, int(c.h)), max(maxV, int(c.v))
	}
	least := blockSize / shrink
	size, c := least, p.components[i]
	for size < blockSize && maxH*least%(2*size*int(c.h)) == 0 && maxV*least%(2*size*int(c.v)) == 0 {
		size *= 2
	}
	return size
}

// choose marks the scans that are kept. It reports whether there are others, and those that
// are kept can be rewritten.
func (p *picture) choose(u Use) bool {
	var needed [maxComponents]precision
	for i := range p.components {
		needed[i] = p.needed(i, u)
		p.components[i].left = unknown
	}
	some := false
	for i := range p.scans {
		c := &p.scans[i]
		if c.kept = c.contributes(needed[c.components[0]]); c.kept {
			p.keep(c)
		}
		some = some || !c.kept
	}
	return some && p.consistent() && p.representable()
}

// contributes reports whether a scan has something that is needed. Those of DC always have,
// and they alone have several components.
func (c *scan) contributes(n precision) bool {
	return c.first == 0 || c.first <= n.last && (c.high == 0 || c.low >= n.bits)
}

// unknown is the number of missing bits, for each coefficient, before any scan: -1 is all.
var unknown = func() (all [coefficients]int8) {
	for i := range all {
		all[i] = -1
	}
	return all
}()

func (p *picture) keep(c *scan) {
	for _, k := range c.components {
		for i := c.first; i <= c.last; i++ {
			p.components[k].left[i] = c.low
		}
	}
}

// consistent reports whether, for each scan that is kept, all its coefficients will in the
// end lack the same number of bits: the scan is declared to lack fewer by that number.
func (p *picture) consistent() bool {
	for _, c := range p.scans {
		left := &p.components[c.components[0]].left
		for i := c.first; c.kept && i <= c.last; i++ {
			if left[i] != left[c.first] {
				return false
			}
		}
	}
	return true
}

// maxStep is the largest quantization step: decoders have 16 bits with a sign.
const maxStep = 1<<15 - 1

func (p *picture) representable() bool {
	for i := range p.components {
		for k := range coefficients {
			if p.components[i].step(k) > maxStep {
				return false
			}
		}
	}
	return true
}

// step is the quantization step of a coefficient in the result. What lacks its lowest bits
// was rounded towards zero: a step that is larger by 1/32 for each bit makes good for that on
// the average, although not for large coefficients.
func (c *component) step(k int) int {
	switch step, left := int(c.steps.of[k]), c.left[k]; {
	case left < 0:
		return 0
	case left > 0:
		return ((32+int(left))*step<<left + 16) / 32
	default:
		return step
	}
}
