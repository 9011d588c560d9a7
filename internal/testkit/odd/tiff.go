package odd

import (
	"bytes"
	"encoding/binary"
)

// Tags of a TIFF directory.
const (
	TagWidth         = 256
	TagHeight        = 257
	TagBits          = 258
	TagCompression   = 259
	TagPhotometric   = 262
	TagStripOffsets  = 273
	TagSamples       = 277
	TagRowsPerStrip  = 278
	TagStripBytes    = 279
	TagPlanar        = 284
	TagTileWidth     = 322
	TagTileLength    = 323
	TagTileOffsets   = 324
	TagTileBytes     = 325
	TagSampleFormat  = 339
	tiffDeflate      = 8
	tiffBytesOfEntry = 12
)

// Tags are the entries of a directory, all of them 32-bit numbers.
type Tags map[uint16][]uint32

// Data stands in Tags for where the data is.
const Data = 1<<32 - 1

// TIFF is a picture of one directory, in little-endian order, and its data.
func TIFF(tags Tags, data []byte) []byte {
	b := []byte("II*\x00\x08\x00\x00\x00")
	const most = 1 << 16 // of tags
	at := len(b) + 2 + len(tags)*tiffBytesOfEntry + 4
	arrays := at
	for _, values := range tags {
		if len(values) > 1 {
			at += 4 * len(values)
		}
	}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(tags)))
	var more []byte
	for id := range most { // in order
		values, ok := tags[uint16(id)]
		if !ok {
			continue
		}
		b = binary.LittleEndian.AppendUint16(b, uint16(id))
		b = binary.LittleEndian.AppendUint16(b, 4) // LONG
		b = binary.LittleEndian.AppendUint32(b, uint32(len(values)))
		if len(values) == 1 {
			b = numbers(b, values, at)
			continue
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(arrays+len(more)))
		more = numbers(more, values, at)
	}
	b = binary.LittleEndian.AppendUint32(b, 0) // no further directory
	return append(append(b, more...), data...)
}

// numbers appends values, with an address in the place of Data.
func numbers(b []byte, values []uint32, data int) []byte {
	for _, v := range values {
		if v == Data {
			v = uint32(data)
		}
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

// Repeated is n times v.
func Repeated(v uint32, n int) []uint32 {
	out := make([]uint32, n)
	for i := range out {
		out[i] = v
	}
	return out
}

// ZeroTIFF is a TIFF of zeros of that size, with samples of so many bits in that
// format (1 unsigned, 3 float), deflated, in strips of that many rows, which all share
// the same bytes.
func ZeroTIFF(w, h, samples, bits, format, rows int) []byte {
	strip := Deflated(w * min(rows, h) * samples * bits / 8)
	strips := (h + rows - 1) / rows
	photometric := uint32(1)
	if samples >= 3 && samples <= 4 {
		photometric = 2
	}
	tags := Tags{
		TagWidth: {uint32(w)}, TagHeight: {uint32(h)}, TagBits: Repeated(uint32(bits), samples), TagCompression: {tiffDeflate},
		TagPhotometric: {photometric}, TagSamples: {uint32(samples)}, TagRowsPerStrip: {uint32(rows)}, TagPlanar: {1},
		TagStripOffsets: Repeated(Data, strips), TagStripBytes: Repeated(uint32(len(strip)), strips), TagSampleFormat: Repeated(uint32(format), samples),
	}
	return TIFF(tags, strip)
}

// TileTIFF is a grey TIFF of zeros of that size in one tile.
func TileTIFF(w, h, tileW, tileH int) []byte {
	tile := Deflated(tileW * tileH)
	return TIFF(Tags{
		TagWidth: {uint32(w)}, TagHeight: {uint32(h)}, TagBits: {8}, TagCompression: {tiffDeflate}, TagPhotometric: {1}, TagSamples: {1},
		TagTileWidth: {uint32(tileW)}, TagTileLength: {uint32(tileH)}, TagTileOffsets: {Data}, TagTileBytes: {uint32(len(tile))},
	}, tile)
}

// PagesTIFF has n pages of one grey pixel. If it loops, the last of them is followed
// by the first.
func PagesTIFF(n int, loops bool) []byte {
	page := TIFF(Tags{
		TagWidth: {1}, TagHeight: {1}, TagBits: {8}, TagCompression: {1}, TagPhotometric: {1}, TagSamples: {1},
		TagRowsPerStrip: {1}, TagStripOffsets: {8}, TagStripBytes: {1},
	}, nil)
	head, directory := page[:8], page[8:]
	b := append(bytes.Clone(head), bytes.Repeat(directory, n)...)
	for i := range n {
		end := 8 + (i+1)*len(directory)
		next := uint32(end)
		if i == n-1 {
			next = 0
			if loops {
				next = 8
			}
		}
		binary.LittleEndian.PutUint32(b[end-4:], next)
	}
	return b
}
