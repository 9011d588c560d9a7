package hostile

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"

	"github.com/thumbery/thumbery/internal/testkit/odd"
)

// byFormat are the changes that know a format: what surrounds the damage stays valid,
// including lengths and checksums.
var byFormat = map[string][]change{
	"png":  {inParts(pngParts, joinPNG), inPixels},
	"jpeg": {inParts(jpegParts, joinJPEG)},
	"webp": {inParts(webpParts, joinWebP)},
	"avif": {inParts(boxParts, joinBoxes)},
	"heic": {inParts(boxParts, joinBoxes)},
	"jxl":  {inParts(boxParts, joinBoxes)},
	"jp2":  {inParts(boxParts, joinBoxes), inMarkers},
	"gif":  {inGIF},
	"tiff": {inTIFF},
	"svg":  {inWords},
	"pdf":  {inWords},
}

// part is a chunk, segment or box of a file: its kind, and its content, either bytes or
// further parts.
type part struct {
	kind  string
	body  []byte // if there are more parts in it, what is before them
	parts []*part
}

// inParts changes one part of a file.
func inParts(split func([]byte) []*part, join func([]*part) []byte) change {
	return func(r *rand.Rand, data, donor []byte) []byte {
		all := split(data)
		if len(all) == 0 {
			return data
		}
		list := &all
		for i := 0; ; {
			i = r.IntN(len(*list))
			p := (*list)[i]
			if len(p.parts) == 0 || r.IntN(4) == 0 {
				*list = changePart(r, *list, i, split(donor))
				return join(all)
			}
			list = &p.parts
		}
	}
}

// changePart changes the i-th part of a list, or the list.
func changePart(r *rand.Rand, list []*part, i int, donors []*part) []*part {
	p := list[i]
	switch r.IntN(8) {
	case 0:
		return slices.Delete(list, i, i+1)
	case 1:
		return slices.Insert(list, i, slices.Repeat([]*part{p}, 1+r.IntN(3))...)
	case 2:
		j := r.IntN(len(list))
		list[i], list[j] = list[j], list[i]
	case 3:
		if len(donors) > 0 {
			return slices.Insert(list, i, donors[r.IntN(len(donors))])
		}
	default:
		if len(p.body) > 0 {
			changes := []change{flipBits, setBytes, setNumber, setNumber, setNumber, truncate}
			p.body = changes[r.IntN(len(changes))](r, bytes.Clone(p.body), nil)
		}
	}
	return list
}

const pngSignature = "\x89PNG\r\n\x1a\n"

func pngParts(b []byte) (all []*part) {
	for at := len(pngSignature); at+12 <= len(b); {
		n := int(binary.BigEndian.Uint32(b[at:]))
		if n > len(b)-at-12 {
			break
		}
		all = append(all, &part{kind: string(b[at+4 : at+8]), body: b[at+8 : at+8+n]})
		at += 12 + n
	}
	return all
}

func joinPNG(all []*part) []byte {
	b := []byte(pngSignature)
	for _, p := range all {
		b = append(b, odd.Chunk(p.kind, p.body)...)
	}
	return b
}

// mostRows is the most bytes of pixels that are unpacked.
const mostRows = 16 << 20

// inPixels damages the pixels of a PNG where no checksum tells.
func inPixels(r *rand.Rand, data, _ []byte) []byte {
	isPixels := func(p *part) bool { return p.kind == "IDAT" }
	all := pngParts(data)
	var packed []byte
	for _, p := range all {
		if isPixels(p) {
			packed = append(packed, p.body...)
		}
	}
	rows, ok := odd.Inflate(packed, mostRows)
	if !ok || len(rows) == 0 {
		return data
	}
	changes := []change{flipBits, setBytes, truncate, remove, double}
	rows = changes[r.IntN(len(changes))](r, rows, nil)
	first := slices.IndexFunc(all, isPixels)
	all[first] = &part{kind: "pixels"}
	all = slices.DeleteFunc(all, isPixels)
	all[slices.IndexFunc(all, func(p *part) bool { return p.kind == "pixels" })] = &part{kind: "IDAT", body: odd.Deflate(rows)}
	return joinPNG(all)
}

// jpegParts gives the segments, by their two bytes. What follows the head of a scan
// is a part without a kind.
func jpegParts(b []byte) (all []*part) {
	const soi, sos = 2, 0xda
	at := soi
	for at+4 <= len(b) && b[at] == 0xff {
		code := b[at+1]
		n := int(binary.BigEndian.Uint16(b[at+2:]))
		if n < 2 || at+2+n > len(b) {
			break
		}
		all = append(all, &part{kind: string(b[at : at+2]), body: b[at+4 : at+2+n]})
		at += 2 + n
		if code == sos {
			end := at
			for end+1 < len(b) && (b[end] != 0xff || b[end+1] == 0 || b[end+1]&0xf8 == 0xd0) {
				end++
			}
			all = append(all, &part{body: b[at:end]})
			at = end
		}
	}
	return append(all, &part{body: b[min(at, len(b)):]})
}

func joinJPEG(all []*part) []byte {
	b := []byte{0xff, 0xd8}
	for _, p := range all {
		if p.kind != "" {
			b = append(b, p.kind...)
			b = binary.BigEndian.AppendUint16(b, uint16(len(p.body)+2))
		}
		b = append(b, p.body...)
	}
	return b
}

func webpParts(b []byte) []*part {
	const head = 12
	return riffParts(b[min(head, len(b)):])
}

// frameHead is how many bytes of an ANMF chunk are before the chunks in it.
const frameHead = 16

func riffParts(b []byte) (all []*part) {
	for at := 0; at+8 <= len(b); {
		n := int(binary.LittleEndian.Uint32(b[at+4:]))
		if n > len(b)-at-8 {
			break
		}
		p := &part{kind: string(b[at : at+4]), body: b[at+8 : at+8+n]}
		if p.kind == "ANMF" && n > frameHead {
			p.parts, p.body = riffParts(p.body[frameHead:]), p.body[:frameHead]
		}
		all = append(all, p)
		at += 8 + n + n%2
	}
	return all
}

func joinWebP(all []*part) []byte {
	return joinRIFF([]*part{{kind: "RIFF", body: []byte("WEBP"), parts: all}})
}

func joinRIFF(all []*part) (b []byte) {
	for _, p := range all {
		body := append(bytes.Clone(p.body), joinRIFF(p.parts)...)
		b = append(b, p.kind...)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(body)))
		b = append(b, body...)
		if len(body)%2 != 0 {
			b = append(b, 0)
		}
	}
	return b
}

// containers are the boxes that hold boxes, and how many bytes are before these.
var containers = map[string]int{"meta": 4, "iprp": 0, "ipco": 0, "iref": 4, "iinf": 6, "jp2h": 0}

func boxParts(b []byte) (all []*part) {
	for at := 0; at+8 <= len(b); {
		n := int(binary.BigEndian.Uint32(b[at:]))
		if n == 0 {
			n = len(b) - at
		}
		if n < 8 || n > len(b)-at {
			break
		}
		p := &part{kind: string(b[at+4 : at+8]), body: b[at+8 : at+n]}
		if before, ok := containers[p.kind]; ok && n > 8+before {
			p.parts, p.body = boxParts(p.body[before:]), p.body[:before]
		}
		all = append(all, p)
		at += n
	}
	return all
}

func joinBoxes(all []*part) (b []byte) {
	for _, p := range all {
		body := append(bytes.Clone(p.body), joinBoxes(p.parts)...)
		b = binary.BigEndian.AppendUint32(b, uint32(8+len(body)))
		b = append(append(b, p.kind...), body...)
	}
	return b
}
