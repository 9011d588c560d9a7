package hostile

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"regexp"
	"slices"
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

// inMarkers changes a field of a marker segment of a JPEG 2000 codestream, all of which
// are near its beginning.
func inMarkers(r *rand.Rand, data, _ []byte) []byte {
	const markers = 120 // bytes
	at := bytes.Index(data, []byte{0xff, 0x4f, 0xff, 0x51})
	if at < 0 {
		return data
	}
	from := data[at:min(len(data), at+markers)]
	putNumber(r, from[r.IntN(len(from)):])
	return data
}

var (
	word   = regexp.MustCompile(`[A-Za-z][A-Za-z0-9]*`)
	number = regexp.MustCompile(`-?[0-9]+(\.[0-9]+)?`)
)

// inWords replaces a number of a text by one that is rarely valid, or a word by another
// of it or of the donor.
func inWords(r *rand.Rand, data, donor []byte) []byte {
	numbers := []string{"0", "-1", "0.00001", "1e9", "-1e30", "99999999999", "2147483648", "65536", "NaN", "100%", ""}
	if all := number.FindAllIndex(data, -1); len(all) > 0 && r.IntN(3) > 0 {
		at := all[r.IntN(len(all))]
		return slices.Replace(data, at[0], at[1], []byte(numbers[r.IntN(len(numbers))])...)
	}
	all, others := word.FindAllIndex(data, -1), word.FindAll(slices.Concat(data, donor), -1)
	if len(all) == 0 {
		return data
	}
	at := all[r.IntN(len(all))]
	return slices.Replace(data, at[0], at[1], others[r.IntN(len(others))]...)
}
