package main

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
)

// encodeJPEG is a baseline JPEG with 4:2:0 chroma and nothing but pixels.
func encodeJPEG(m image.Image, quality int) ([]byte, error) {
	var b bytes.Buffer
	err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality})
	return b.Bytes(), err
}

// withSegment puts a marker segment right behind the start of a JPEG.
func withSegment(data []byte, marker byte, payload []byte) []byte {
	out := append([]byte{}, data[:2]...)
	out = append(out, 0xff, marker)
	out = binary.BigEndian.AppendUint16(out, uint16(len(payload)+2))
	out = append(out, payload...)
	return append(out, data[2:]...)
}

const (
	markerApp1 = 0xe1 // EXIF
	markerApp2 = 0xe2 // ICC
)

// exif is the payload of an APP1 segment with an orientation and nothing else
// (Exif 2.3, 4.5.4: TIFF header, one directory of one entry).
func exif(orientation uint16, bigEndian bool) []byte {
	var order binary.AppendByteOrder = binary.LittleEndian
	out := []byte("Exif\x00\x00II")
	if bigEndian {
		order = binary.BigEndian
		out = []byte("Exif\x00\x00MM")
	}
	out = order.AppendUint16(out, 42)
	out = order.AppendUint32(out, 8)      // the first directory follows at once
	out = order.AppendUint16(out, 1)      // entries
	out = order.AppendUint16(out, 0x0112) // Orientation
	out = order.AppendUint16(out, 3)      // SHORT
	out = order.AppendUint32(out, 1)      // one of them
	out = order.AppendUint16(out, orientation)
	out = order.AppendUint16(out, 0)  // the value's unused half
	return order.AppendUint32(out, 0) // no further directory
}

// unturned gives the pixels that an EXIF orientation turns into m.
func unturned(m image.Image, orientation int) image.Image {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	if orientation >= 5 {
		w, h = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			ux, uy := upright(x, y, w, h, orientation)
			out.Set(x, y, m.At(ux, uy))
		}
	}
	return out
}

// upright says where the stored pixel x, y of a w by h picture is seen: EXIF
// names the sides at which row 0 and column 0 are seen (Exif 2.3, 4.6.4).
func upright(x, y, w, h, orientation int) (int, int) {
	switch orientation {
	case 2: // top, right
		return w - 1 - x, y
	case 3: // bottom, right
		return w - 1 - x, h - 1 - y
	case 4: // bottom, left
		return x, h - 1 - y
	case 5: // left, top
		return y, x
	case 6: // right, top
		return h - 1 - y, x
	case 7: // right, bottom
		return h - 1 - y, w - 1 - x
	case 8: // left, bottom
		return y, w - 1 - x
	default:
		return x, y
	}
}

// adobe finds Adobe's segment (APP14) before the frame: its marker, length,
// "Adobe", version, two flags, and the colour transform.
func adobe(data []byte) (start, end int) {
	start = bytes.Index(data, []byte("\xff\xee\x00\x0eAdobe"))
	return start, start + 16
}

func withoutAdobe(data []byte) []byte {
	start, end := adobe(data)
	return append(append([]byte{}, data[:start]...), data[end:]...)
}

// markYCCK says that four components are YCCK and not CMYK.
func markYCCK(data []byte) []byte {
	_, end := adobe(data)
	data[end-1] = 2
	return data
}
