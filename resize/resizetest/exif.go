package resizetest

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// secret is the artist in the EXIF data of Oriented, which must not get out.
const secret = "Secret Artist of 47.11N 8.15E\x00"

// exif is a TIFF structure with two entries, the orientation and the artist.
func exif(orientation int) []byte {
	b := []byte("MM\x00*\x00\x00\x00\x08\x00\x02")
	b = append(b, 0x01, 0x12, 0, 3, 0, 0, 0, 1, byte(orientation>>8), byte(orientation), 0, 0)
	b = append(b, 0x01, 0x3b, 0, 2, 0, 0, 0, byte(len(secret)), 0, 0, 0, 8+2+2*12+4)
	b = append(b, 0, 0, 0, 0) // no other directory
	return append(b, secret...)
}

func insert(src []byte, at int, b []byte) []byte { return slices.Concat(src[:at], b, src[at:]) }

func jpegSegment(code byte, content []byte) []byte {
	b := []byte{0xff, code}
	b = binary.BigEndian.AppendUint16(b, uint16(len(content)+2))
	return append(b, content...)
}

func pngChunk(kind string, content []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	b = append(append(b, kind...), content...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// orientedWebP turns a WebP of one VP8 or VP8L chunk into an extended one.
func orientedWebP(src []byte, orientation int) []byte {
	w, h := webpSize(src)
	x := []byte{0x08, 0, 0, 0}
	x = append(x, byte(w-1), byte((w-1)>>8), byte((w-1)>>16), byte(h-1), byte((h-1)>>8), byte((h-1)>>16))
	b := slices.Concat(src[:12], riffChunk("VP8X", x), src[12:], riffChunk("EXIF", exif(orientation)))
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

func webpSize(src []byte) (w, h int) {
	if string(src[12:16]) == "VP8L" {
		bits := binary.LittleEndian.Uint32(src[21:])
		return 1 + int(bits&0x3fff), 1 + int(bits>>14&0x3fff)
	}
	return int(binary.LittleEndian.Uint16(src[26:]) & 0x3fff), int(binary.LittleEndian.Uint16(src[28:]) & 0x3fff)
}

func riffChunk(kind string, content []byte) []byte {
	b := append([]byte(kind), 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(content)))
	b = append(b, content...)
	return append(b, make([]byte, len(content)&1)...)
}
