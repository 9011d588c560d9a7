package info

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"slices"
	"unicode/utf16"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// Bounds on the search for a colour profile. Real ones have 500 bytes to some
// megabytes, and their names stand before their tables.
const (
	maxProfile = 1 << 20 // what is longer is cut
	maxParts   = 4 << 10 // segments, chunks or boxes looked at, of all levels
	maxTags    = 256
)

// ReadProfile returns the colour profile in a picture of size bytes that h is
// the header of, or its first mebibyte; nil for formats other than JPEG, PNG,
// WebP, AVIF and HEIC, and where there is none or it is damaged. An error is the
// reader's own, or io.ErrUnexpectedEOF.
func ReadProfile(r io.ReaderAt, size int64, h header.Header) ([]byte, error) {
	if !h.ICC {
		return nil, nil
	}
	p := &parts{r: r, size: size, left: maxParts}
	var icc []byte
	switch h.Format {
	case variant.JPEG:
		icc = p.jpegProfile()
	case variant.PNG:
		icc = p.pngProfile()
	case variant.WebP:
		icc = p.webpProfile()
	case variant.AVIF, variant.HEIC:
		icc = p.heifProfile(0, size)
	}
	return icc, p.err
}

// parts reads pieces of a file. After a failure, or after maxParts of them, it
// gives nothing more.
type parts struct {
	r    io.ReaderAt
	size int64
	left int
	err  error
}

// at returns n bytes at off, or nil.
func (p *parts) at(off int64, n int) []byte {
	if p.left--; p.left < 0 || p.err != nil || off < 0 || off > p.size-int64(n) {
		return nil
	}
	b := make([]byte, n)
	if got, err := p.r.ReadAt(b, off); got < n {
		if p.err = err; err == io.EOF {
			p.err = io.ErrUnexpectedEOF
		}
		return nil
	}
	return b
}

// jpegProfile joins the APP2 segments of ICC.1:2010, B.4, which are numbered
// from 1 and may stand in any order.
func (p *parts) jpegProfile() []byte {
	const prefix = "ICC_PROFILE\x00"
	chunks := map[byte][]byte{}
	total := 0
	for off := int64(2); ; {
		head := p.at(off, 4)
		if head == nil || head[0] != 0xff || head[1] == 0xda || head[1] == 0xd9 {
			break
		}
		if head[1] == 0xff { // a fill byte
			off++
			continue
		}
		n := int(binary.BigEndian.Uint16(head[2:]))
		if b := p.app2(head[1], off+4, n-2, len(prefix)+2); b != nil && string(b[:len(prefix)]) == prefix {
			number := b[len(prefix)]
			if chunks[number] == nil && total < maxProfile {
				chunks[number] = p.at(off+4+int64(len(b)), n-2-len(b))
				total += len(chunks[number])
			}
		}
		off += 2 + int64(n)
	}
	var icc []byte
	for number := byte(1); chunks[number] != nil && number < 255; number++ {
		icc = append(icc, chunks[number]...)
	}
	return icc[:min(len(icc), maxProfile)]
}

// app2 reads the beginning of an APP2 segment, nil of others.
func (p *parts) app2(code byte, off int64, n, want int) []byte {
	if code != 0xe2 || n < want {
		return nil
	}
	return p.at(off, want)
}

// pngProfile unpacks iCCP, which stands before the pixels: a name, a method, and
// what is deflated.
func (p *parts) pngProfile() []byte {
	for off := int64(8); ; {
		head := p.at(off, 8)
		if head == nil || string(head[4:]) == "IDAT" {
			return nil
		}
		n := int64(binary.BigEndian.Uint32(head))
		if string(head[4:]) == "iCCP" {
			b := p.at(off+8, int(min(n, maxProfile)))
			name := bytes.IndexByte(b[:min(len(b), 80)], 0)
			if name < 0 || len(b) < name+2 || b[name+1] != 0 {
				return nil
			}
			return inflate(b[name+2:])
		}
		off += 12 + n
	}
}

// inflate unpacks as much as there is, and as is wanted.
func inflate(b []byte) []byte {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	icc, _ := io.ReadAll(io.LimitReader(z, maxProfile)) // what came before an error is good
	return icc
}

func (p *parts) webpProfile() []byte {
	for off := int64(12); ; {
		head := p.at(off, 8)
		if head == nil {
			return nil
		}
		n := int64(binary.LittleEndian.Uint32(head[4:]))
		if string(head[:4]) == "ICCP" {
			return p.at(off+8, int(min(n, maxProfile)))
		}
		off += 8 + n + n&1
	}
}

// heifProfile finds the first colr box with a profile between off and end, in
// meta, iprp, ipco. That of the picture comes first: encoders describe the
// thumbnail and the alpha after it, and they have none of their own.
func (p *parts) heifProfile(off, end int64) []byte {
	for off+8 <= end {
		head := p.at(off, 8)
		if head == nil {
			return nil
		}
		kind, n := string(head[4:]), int64(binary.BigEndian.Uint32(head))
		start := off + 8
		switch n {
		case 0:
			n = end - off
		case 1:
			long := p.at(start, 8)
			if long == nil {
				return nil
			}
			n, start = int64(binary.BigEndian.Uint64(long)), start+8
		}
		if n < start-off || n > end-off {
			return nil
		}
		if icc := p.heifBox(kind, start, off+n); icc != nil {
			return icc
		}
		off += n
	}
	return nil
}

// heifBox looks into a box of this kind.
func (p *parts) heifBox(kind string, start, end int64) []byte {
	switch kind {
	case "meta":
		return p.heifProfile(start+4, end) // after version and flags
	case "iprp", "ipco":
		return p.heifProfile(start, end)
	case "colr":
		if end-start < 4 {
			return nil
		}
		if b := p.at(start, 4); b != nil && (string(b) == "prof" || string(b) == "rICC") {
			return p.at(start+4, int(min(end-start-4, maxProfile)))
		}
	}
	return nil
}

// ProfileName returns what a colour profile calls itself, in English if it can,
// "" if it has no name or is none (ICC.1:2010, 9.2.41; version 2 in 6.5.17 of
// ICC.1:2001).
func ProfileName(icc []byte) string {
	desc := profileTag(icc, "desc")
	if len(desc) < 12 {
		return ""
	}
	n := binary.BigEndian.Uint32(desc[8:])
	switch string(desc[:4]) {
	case "desc":
		text, _, _ := bytes.Cut(desc[12:][:min(int64(n), int64(len(desc)-12), 4*maxText)], []byte{0})
		return clean(string(text))
	case "mluc":
		return clean(localized(desc, n))
	}
	return ""
}

// profileTag finds a tag's data by the table that follows the header.
func profileTag(icc []byte, name string) []byte {
	const header = 128
	if len(icc) < header+4 || string(icc[36:40]) != "acsp" {
		return nil
	}
	count := binary.BigEndian.Uint32(icc[header:])
	table := icc[header+4:]
	table = table[:min(len(table)/12, int(min(count, maxTags)))*12]
	for entry := range slices.Chunk(table, 12) {
		if string(entry[:4]) == name {
			return piece(icc, binary.BigEndian.Uint32(entry[4:]), binary.BigEndian.Uint32(entry[8:]))
		}
	}
	return nil
}

// piece is a part of b, nil if it is not there wholly.
func piece(b []byte, off, n uint32) []byte {
	if uint64(off)+uint64(n) > uint64(len(b)) {
		return nil
	}
	return b[off : off+n]
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
	for b := range slices.Chunk(best[:min(len(best)&^1, 4*maxText)], 2) {
		units = append(units, binary.BigEndian.Uint16(b))
	}
	return string(utf16.Decode(units))
}
