package vips

import (
	"encoding/binary"
	"image/color"
	"math"
)

func (f tiff) order() interface {
	binary.ByteOrder
	binary.AppendByteOrder
} {
	if f.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// row is a row of pixels, or of one plane of them.
func (f tiff) row(c color.NRGBA, planes ...int) []byte {
	var w bits
	values := f.values(c)
	for range flatW {
		for _, i := range planes {
			f.sample(&w, values[i])
		}
	}
	return w.done()
}

// sample writes v, from 0 to 1.
func (f tiff) sample(w *bits, v float64) {
	o := f.order()
	switch {
	case f.format == sampleFloat && f.bits == 32:
		w.bytes(o.AppendUint32(nil, math.Float32bits(float32(v))))
	case f.format == sampleFloat && f.bits == 64:
		w.bytes(o.AppendUint64(nil, math.Float64bits(v)))
	case f.format == sampleComplex && f.bits == 64:
		w.bytes(o.AppendUint32(o.AppendUint32(nil, math.Float32bits(float32(v))), 0))
	case f.bits == 64:
		w.bytes(o.AppendUint64(nil, uint64(v*math.MaxInt64)))
	case f.bits == 32:
		w.bytes(o.AppendUint32(nil, uint32(v*f.most())))
	case f.bits == 16:
		w.bytes(o.AppendUint16(nil, uint16(math.Round(v*f.most()))))
	default:
		w.put(uint(math.Round(v*f.most())), f.bits)
	}
}

// most is the largest sample.
func (f tiff) most() float64 {
	if f.format == sampleInt && f.bits > 1 && f.photo != photoLab {
		return float64(uint64(1)<<(f.bits-1) - 1)
	}
	return float64(uint64(1)<<f.bits - 1)
}

// bits packs samples, the first in the highest bits.
type bits struct {
	out  []byte
	held uint
	n    int
}

func (w *bits) bytes(b []byte) { w.out = append(w.out, b...) }

func (w *bits) put(v uint, n int) {
	w.held, w.n = w.held<<n|v, w.n+n
	for w.n >= 8 {
		w.out = append(w.out, byte(w.held>>(w.n-8)))
		w.n -= 8
	}
}

func (w *bits) done() []byte {
	if w.n > 0 {
		w.put(0, 8-w.n)
	}
	return w.out
}

func (f tiff) rowsPerStrip() int {
	if f.rows == 0 {
		return flatH
	}
	return f.rows
}

// planes are the strips.
func (f tiff) planes() [][]byte {
	if f.strip != nil {
		return [][]byte{f.strip}
	}
	all := make([]int, f.samples)
	for i := range all {
		all[i] = i
	}
	groups := [][]int{all}
	if f.separate {
		groups = nil
		for i := range all {
			groups = append(groups, all[i:i+1])
		}
	}
	var strips [][]byte
	for _, group := range groups {
		rows := map[color.NRGBA][]byte{upper: f.row(upper, group...), lower: f.row(lower, group...)}
		for y := range flatH {
			if y%f.rowsPerStrip() == 0 {
				strips = append(strips, nil)
			}
			last := len(strips) - 1
			strips[last] = append(strips[last], rows[flatAt(y)]...)
		}
	}
	return strips
}

// encode writes the file.
func (f tiff) encode() []byte {
	strips := f.planes()
	offsets, counts := make([]int, len(strips)), make([]int, len(strips))
	d := directory{order: f.order(), out: append([]byte("II*\x00"), 0, 0, 0, 0)}
	if f.big {
		d.out = []byte("MM\x00*\x00\x00\x00\x00")
	}
	for i, s := range strips {
		offsets[i], counts[i] = len(d.out), len(s)
		d.out = append(d.out, s...)
	}
	planar := 1
	if f.separate {
		planar = 2
	}
	d.longs(256, flatW)
	d.longs(257, flatH)
	d.shorts(258, repeated(f.bits, f.samples)...)
	d.shorts(259, max(1, f.compression))
	d.shorts(262, f.photo)
	d.longs(273, offsets...)
	d.shorts(277, f.samples)
	d.longs(278, f.rowsPerStrip())
	d.longs(279, counts...)
	d.shorts(284, planar)
	if f.photo == photoPalette {
		d.shorts(320, f.palette()...)
	}
	if f.inkSet > 0 {
		d.shorts(332, f.inkSet)
	}
	if f.extra != nil {
		d.shorts(338, f.extra...)
	}
	if f.format > 0 {
		d.shorts(339, repeated(f.format, f.samples)...)
	}
	if f.photo == photoYCbCr {
		sampled := 1
		if f.compression == compressedJPEG {
			sampled = 2 // as Go's encoder does
		}
		d.shorts(530, sampled, sampled)
	}
	if f.profile != nil {
		d.entry(34675, 7, len(f.profile), f.profile)
	}
	return d.done()
}

// palette has upper first, and lower last.
func (f tiff) palette() []int {
	n := 1 << min(f.bits, 16)
	table := make([]int, 3*n)
	for i, v := range [3][2]uint8{{upper.R, lower.R}, {upper.G, lower.G}, {upper.B, lower.B}} {
		table[i*n], table[(i+1)*n-1] = 257*int(v[0]), 257*int(v[1])
	}
	return table
}

func repeated(v, n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = v
	}
	return list
}

// directory is a file whose directory is being made. Tags come in order.
type directory struct {
	order interface {
		binary.ByteOrder
		binary.AppendByteOrder
	}
	out     []byte
	entries []byte
}

func (d *directory) shorts(tag int, values ...int) {
	var b []byte
	for _, v := range values {
		b = d.order.AppendUint16(b, uint16(v))
	}
	d.entry(tag, 3, len(values), b)
}

func (d *directory) longs(tag int, values ...int) {
	var b []byte
	for _, v := range values {
		b = d.order.AppendUint32(b, uint32(v))
	}
	d.entry(tag, 4, len(values), b)
}

func (d *directory) entry(tag, kind, count int, value []byte) {
	e := d.order.AppendUint16(d.order.AppendUint16(nil, uint16(tag)), uint16(kind))
	e = d.order.AppendUint32(e, uint32(count))
	if len(value) <= 4 {
		e = append(e, append(value, 0, 0, 0, 0)[:4]...)
	} else {
		d.out = append(d.out, make([]byte, len(d.out)%2)...)
		e = d.order.AppendUint32(e, uint32(len(d.out)))
		d.out = append(d.out, value...)
	}
	d.entries = append(d.entries, e...)
}

func (d *directory) done() []byte {
	d.out = append(d.out, make([]byte, len(d.out)%2)...)
	d.order.PutUint32(d.out[4:], uint32(len(d.out)))
	d.out = d.order.AppendUint16(d.out, uint16(len(d.entries)/12))
	return append(append(d.out, d.entries...), 0, 0, 0, 0)
}
