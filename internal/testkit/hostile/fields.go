package hostile

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
)

// inTIFF changes an entry of the first directory: its tag, type, count or value.
func inTIFF(r *rand.Rand, data, _ []byte) []byte {
	if len(data) < 8 {
		return data
	}
	var order binary.ByteOrder = binary.LittleEndian
	if data[0] == 'M' {
		order = binary.BigEndian
	}
	const entry = 12
	at := int(order.Uint32(data[4:]))
	if at > len(data)-2 {
		return data
	}
	n := int(order.Uint16(data[at:]))
	if n == 0 || at+2+n*entry > len(data) {
		return data
	}
	e := data[at+2+r.IntN(n)*entry:][:entry]
	small := []uint16{0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64, 32773, 32946, 34676, 34712, 50000}
	switch r.IntN(6) {
	case 0:
		order.PutUint16(e, 254+uint16(r.IntN(90))) // another tag
	case 1:
		order.PutUint16(e[2:], uint16(r.IntN(19)))
	case 2:
		putNumber(r, e[4:8])
	case 3:
		putNumber(r, e[8:])
	default:
		order.PutUint16(e[8:], small[r.IntN(len(small))])
	}
	return data
}

// inGIF changes a dimension or position of the screen or of a frame, or a frame's disposal.
func inGIF(r *rand.Rand, data, _ []byte) []byte {
	fields := [][2]int{{6, 7}} // from, and how many bytes
	for at := 13; at+10 < len(data); at++ {
		switch {
		case data[at] == 0x2c:
			fields = append(fields, [2]int{at + 1, 9})
		case bytes.HasPrefix(data[at:], []byte{0x21, 0xf9, 4}):
			fields = append(fields, [2]int{at + 3, 4})
		}
	}
	f := fields[r.IntN(len(fields))]
	if f[0]+f[1] > len(data) {
		return data
	}
	putNumber(r, data[f[0]+r.IntN(f[1]):])
	return data
}
