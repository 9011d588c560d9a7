// Package icc reads ICC colour profiles: the bytes of the profile in a picture, its
// name, and whether it describes sRGB. It also makes profiles of what pictures say of
// their colours in other words. It does not convert colours; libvips does.
package icc

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"slices"
	"unicode/utf16"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/internal/source"
	"github.com/thumbery/thumbery/variant"
)

// MaxBytes is how many bytes Read looks at. Real profiles have 500
// bytes to some megabytes, and their names stand before their tables.
const MaxBytes = 1 << 20

const (
	headerBytes = 128
	maxTags     = 256
	maxName     = 512 // bytes of a name
)

// Read returns the colour profile in a picture that h is the header of, or the beginning of
// it that lies in the first MaxBytes of h.Profile. It returns nil where h.Profile does not say
// where that is, and where it is damaged. An error is the reader's own, or
// io.ErrUnexpectedEOF.
func Read(r io.ReaderAt, h header.Header) ([]byte, error) {
	if h.Profile.Len == 0 {
		return nil, nil
	}
	b := make([]byte, min(h.Profile.Len, MaxBytes))
	if n, err := r.ReadAt(b, h.Profile.Off); n < len(b) {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	switch h.Format {
	case variant.JPEG:
		return joinSegments(b), nil
	case variant.PNG:
		return inflate(b), nil
	}
	return b, nil
}

// joinSegments joins the APP2 segments of ICC.1:2010, B.4, among all segments in b. They
// are numbered from 1 and may stand in any order.
func joinSegments(b []byte) (profile []byte) {
	parts := map[byte][]byte{}
	for g, err := range source.Of(b).Segments(0) {
		if err != nil {
			break
		}
		part, ok := bytes.CutPrefix(b[g.Body:g.End], []byte("ICC_PROFILE\x00"))
		if ok && g.Code == source.APP2 && len(part) > 2 && parts[part[0]] == nil {
			parts[part[0]] = part[2:] // after its number, and how many there are
		}
	}
	for number := byte(1); parts[number] != nil && number < 255; number++ {
		profile = append(profile, parts[number]...)
	}
	return profile
}

// inflate unpacks the content of a PNG's iCCP chunk, which is a name, a method and
// what is deflated, up to the first error in it.
func inflate(chunk []byte) []byte {
	name := bytes.IndexByte(chunk[:min(len(chunk), 80)], 0)
	if name < 0 || len(chunk) < name+2 || chunk[name+1] != 0 {
		return nil
	}
	z, err := zlib.NewReader(bytes.NewReader(chunk[name+2:]))
	if err != nil {
		return nil
	}
	profile, _ := io.ReadAll(io.LimitReader(z, MaxBytes))
	return profile
}

// Space is the colour space of the pixels that a profile is for, as "RGB ", "GRAY" or
// "CMYK"; "" if it is no profile.
func Space(profile []byte) string {
	if len(profile) < headerBytes {
		return ""
	}
	return string(profile[16:20])
}

// Intent is the rendering intent, by libvips' name, with which a profile is applied: relative
// colorimetric, or perceptual where the only table is that of the perceptual intent, A2B0,
// which stands in for those that are missing (ICC.1:2010, 8.10). libvips before 8.16 refuses
// a profile without the table of the intent that it is told.
func Intent(profile []byte) string {
	if tag(profile, "A2B0") != nil && tag(profile, "A2B1") == nil {
		return "perceptual"
	}
	return "relative"
}

// Name returns what a profile calls itself, in English if it can; "" if it has no name
// or is no profile (ICC.1:2010, 9.2.41; version 2 in 6.5.17 of ICC.1:2001). The text
// can be any bytes, at most 512 of them.
func Name(profile []byte) string {
	desc := tag(profile, "desc")
	if len(desc) < 12 {
		return ""
	}
	n := binary.BigEndian.Uint32(desc[8:])
	switch string(desc[:4]) {
	case "desc":
		text, _, _ := bytes.Cut(desc[12:][:min(int64(n), int64(len(desc)-12), maxName)], []byte{0})
		return string(text)
	case "mluc":
		return localized(desc, n)
	}
	return ""
}

// localized takes the English one of n texts, else the first.
func localized(mluc []byte, n uint32) string {
	const header, record = 16, 12
	best := []byte(nil)
	for i := range min(n, maxTags) {
		r := piece(mluc, header+record*i, record)
		if r == nil {
			break
		}
		text := piece(mluc, binary.BigEndian.Uint32(r[8:]), binary.BigEndian.Uint32(r[4:]))
		if best == nil || string(r[:2]) == "en" {
			best = text
		}
		if string(r[:2]) == "en" {
			break
		}
	}
	var units []uint16
	for b := range slices.Chunk(best[:min(len(best)&^1, maxName)], 2) {
		units = append(units, binary.BigEndian.Uint16(b))
	}
	return string(utf16.Decode(units))
}

// tag finds the data of a tag by the table that follows the profile's header; nil if
// it is not there.
func tag(profile []byte, name string) []byte {
	if len(profile) < headerBytes+4 || string(profile[36:40]) != "acsp" {
		return nil
	}
	count := binary.BigEndian.Uint32(profile[headerBytes:])
	table := profile[headerBytes+4:]
	table = table[:min(len(table)/12, int(min(count, maxTags)))*12]
	for entry := range slices.Chunk(table, 12) {
		if string(entry[:4]) == name {
			return piece(profile, binary.BigEndian.Uint32(entry[4:]), binary.BigEndian.Uint32(entry[8:]))
		}
	}
	return nil
}

// piece is a part of b, nil unless all of it is there.
func piece(b []byte, off, n uint32) []byte {
	if uint64(off)+uint64(n) > uint64(len(b)) {
		return nil
	}
	return b[off : off+n]
}
