package vips

import (
	"encoding/binary"

	"github.com/thumbery/thumbery/resize/icc"
	"github.com/thumbery/thumbery/resize/vips/op"
)

// light is a picture in linear light of 16 bits, and the way back.
type light struct {
	pixels       op.Image
	across, down int // how many pixels were averaged
	back         func(op.Image) op.Image
}

// linearized brings im, which becomes w x h, to linear light. That grows as the curve of the
// colour profile says; colours whose profile has none become sRGB before. Most pictures have 8 bits
// and no alpha: for them pixels are averaged in the same pass, as libvips takes long for 16 bits.
func (j job) linearized(im op.Image, w, h int) light {
	curve := j.curve(im)
	if curve == nil {
		im, curve = j.toSRGB(im, j.header), icc.SRGBLight
	}
	deep := j.Format(im) == "ushort"
	colours, alpha := newTables(curve, deep), newTables(icc.Identity, deep)
	l := light{across: 1, down: 1, back: func(im op.Image) op.Image { return j.mapped(im, colours.back, alpha.back, deep) }}
	if deep || j.hasAlpha(im) {
		l.pixels = j.mapped(im, colours.there, alpha.there, true)
		return l
	}
	if fromW, fromH := j.Size(im); fromW >= w && fromH >= h {
		l.across, l.down = box(fromW, w), box(fromH, h)
	}
	l.pixels = j.Light(im, colours.there, l.across, l.down)
	return l
}

// boxFrom is by how much a side is at least to be reduced for pairs of pixels to be averaged
// before. What is then left to the filter is enough for nobody to see a difference.
const boxFrom = 3

func box(from, to int) int {
	if from >= boxFrom*to {
		return 2
	}
	return 1
}

// curve says how light grows with a sample of im, both from 0 to 1; nil if that takes more than
// a curve.
func (j job) curve(im op.Image) func(float64) float64 {
	profile := j.Profile(im)
	switch {
	case j.header.CMYK:
		return nil
	case !isFor(profile, j.colourBands(im)), icc.IsSRGB(profile):
		return icc.SRGBLight
	}
	return icc.Light(profile)
}

// lightTables lead from samples to linear light in 16 bits, and back to the nearest sample.
type lightTables struct{ there, back []uint16 }

func newTables(curve func(float64) float64, deep bool) (t lightTables) {
	last := 255
	if deep {
		last = 65535
	}
	t.there, t.back = make([]uint16, last+1), make([]uint16, 65536)
	for i := range t.there {
		if light := curve(float64(i) / float64(last)); light > 0 { // and a number
			t.there[i] = uint16(65535*min(light, 1) + 0.5)
		}
		t.there[i] = max(t.there[i], t.there[max(i-1, 0)]) // a way back needs a curve that does not fall
	}
	sample := 0
	for light := range t.back {
		for sample < last && 2*light >= int(t.there[sample])+int(t.there[sample+1]) {
			sample++
		}
		t.back[light] = uint16(sample)
	}
	return t
}

// mapped replaces each sample by its entry in a table, of which there is another for alpha, in
// 16 bits if deep, otherwise in 8.
func (j job) mapped(im op.Image, colours, alpha []uint16, deep bool) op.Image {
	list := [][]uint16{colours}
	if j.hasAlpha(im) {
		list = append([][]uint16{colours, colours, colours}[:j.Bands(im)-1], alpha)
	}
	var data []byte
	for i := range colours {
		for _, table := range list {
			if deep {
				data = binary.NativeEndian.AppendUint16(data, table[i])
			} else {
				data = append(data, byte(table[i]))
			}
		}
	}
	lut := j.Raster(data, len(colours), 1, len(data)/len(colours))
	if deep {
		lut = j.Do("copy", op.On(lut), op.Set("format", "ushort"), op.Set("bands", len(list)))
	}
	return j.Do("copy", op.On(j.Do("maplut", op.On(im), op.Input("lut", lut))), op.Set("interpretation", spaceOf(j.Bands(im), deep)))
}

// spaceOf is libvips' name for grey or RGB, of 16 bits if deep.
func spaceOf(bands int, deep bool) string {
	switch {
	case bands < 3 && deep:
		return "grey16"
	case bands < 3:
		return "b-w"
	case deep:
		return "rgb16"
	}
	return "srgb"
}
