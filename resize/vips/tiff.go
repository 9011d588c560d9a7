package vips

import "encoding/binary"

// stripRows is how many rows libtiff takes at once; small, so that libvips
// streams the picture instead of holding it twice.
const stripRows = 16

// encodeTIFF writes RGBA pixels, four bytes each and without padding, as an
// uncompressed TIFF of 3 samples, leaving alpha out, or 4, with straight alpha.
// (golang.org/x/image/tiff always writes alpha.)
func encodeTIFF(pix []byte, w, h, samples int) []byte {
	strips := (h + stripRows - 1) / stripRows
	entries := 10 + samples - 3
	bitsAt := 8 + 2 + entries*12 + 4
	offsetsAt := bitsAt + 2*4
	countsAt := offsetsAt + 4*strips
	pixelsAt := countsAt + 4*strips

	b := make([]byte, 0, pixelsAt+w*h*samples)
	le := binary.LittleEndian
	b = append(b, "II*\x00\x08\x00\x00\x00"...)
	b = le.AppendUint16(b, uint16(entries))
	entry := func(tag, kind uint16, count, value int) {
		b = le.AppendUint16(le.AppendUint16(b, tag), kind)
		b = le.AppendUint32(le.AppendUint32(b, uint32(count)), uint32(value))
	}
	const short, long = 3, 4
	entry(0x100, long, 1, w)
	entry(0x101, long, 1, h)
	entry(0x102, short, samples, bitsAt)
	entry(0x103, short, 1, 1) // no compression
	entry(0x106, short, 1, 2) // RGB
	entry(0x111, long, strips, stripArray(strips, offsetsAt, pixelsAt))
	entry(0x115, short, 1, samples)
	entry(0x116, long, 1, stripRows)
	entry(0x117, long, strips, stripArray(strips, countsAt, w*h*samples))
	entry(0x11c, short, 1, 1) // samples side by side
	if samples == 4 {
		entry(0x152, short, 1, 2) // the fourth is straight alpha
	}
	b = le.AppendUint32(b, 0) // no other directory

	for range 4 {
		b = le.AppendUint16(b, 8)
	}
	for i := range strips {
		b = le.AppendUint32(b, uint32(pixelsAt+i*stripRows*w*samples))
	}
	for i := range strips {
		b = le.AppendUint32(b, uint32(min(stripRows, h-i*stripRows)*w*samples))
	}
	return appendSamples(b, pix, samples)
}

// stripArray is the value of an entry of one number for each strip: that number
// itself if there is but one, else where they are.
func stripArray(strips, at, only int) int {
	if strips == 1 {
		return only
	}
	return at
}

func appendSamples(b, pix []byte, samples int) []byte {
	if samples == 4 {
		return append(b, pix...)
	}
	for ; len(pix) >= 4; pix = pix[4:] {
		b = append(b, pix[0], pix[1], pix[2])
	}
	return b
}
