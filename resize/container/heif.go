package container

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/thumbery/thumbery/resize/header"
)

// plainHEIF is src with a description of its items that all versions of libheif read
// alike. It lacks:
//
//   - irot, imir and clap, which libheif 1.15 applies to colours but not to alpha. The
//     header has read them.
//   - all but one of several pictures that an alpha channel, a thumbnail or metadata are
//     for: libheif 1.15 refuses such files, which telephones write.
//
// The new description stands at the end, so that what it says of places in the file stays
// true, and the old one is made free space.
func plainHEIF(src []byte) ([]byte, error) {
	off, last, err := findMeta(src)
	if err != nil {
		return nil, err
	}
	var content []byte
	for _, content = range boxes(src[off:]) {
		break
	}
	if len(content) < 4 {
		return nil, fmt.Errorf("%w: it describes no items", header.ErrBroken)
	}
	h := heif{primary: primaryItem(content[4:])}
	plain := slices.Concat(content[:4], mapped(content[4:], h.plainMeta))
	if slices.Equal(plain, content) {
		return src, nil
	}
	out := slices.Concat(src, box("meta", plain))
	copy(out[off+4:], "free")
	if binary.BigEndian.Uint32(out[last:]) == 0 { // as long as the file, which has grown
		binary.BigEndian.PutUint32(out[last:], uint32(len(src)-last))
	}
	return out, nil
}

// findMeta is where the last meta, and the last box of all, begin. Boxes have to fill the
// file.
func findMeta(src []byte) (meta, last int, err error) {
	meta = -1
	for off := 0; off < len(src); off = boxEnd(src, off) {
		if last = off; len(src)-off >= 8 && string(src[off+4:off+8]) == "meta" {
			meta = off
		}
	}
	rest := src[last:]
	if len(rest) < 8 || meta < 0 {
		return 0, 0, fmt.Errorf("%w: it describes no items, or is cut short", header.ErrBroken)
	}
	n := uint64(binary.BigEndian.Uint32(rest))
	if n == 1 && len(rest) >= 16 {
		n = binary.BigEndian.Uint64(rest[8:])
	}
	if n != 0 && n != uint64(len(rest)) || len(rest) > math.MaxUint32 {
		return 0, 0, fmt.Errorf("%w: cut short in a box", header.ErrBroken)
	}
	return meta, last, nil
}

// heif is what has to be known of a file to describe its items anew.
type heif struct {
	primary uint32 // the number of the item that is the picture
	wide    bool   // references have numbers of four bytes instead of two
}

// primaryItem reads pitm among the children of meta.
func primaryItem(children []byte) uint32 {
	for kind, content := range boxes(children) {
		if kind == "pitm" && len(content) > 4 {
			return (&heif{wide: content[0] > 0}).id(content[4:])
		}
	}
	return 0
}

// id is the number at the beginning of b, 0 if that is too short.
func (h *heif) id(b []byte) uint32 {
	switch {
	case h.wide && len(b) >= 4:
		return binary.BigEndian.Uint32(b)
	case !h.wide && len(b) >= 2:
		return uint32(binary.BigEndian.Uint16(b))
	}
	return 0
}

// plainMeta is a child of meta as it is to be.
func (h *heif) plainMeta(kind string, content []byte) (string, []byte) {
	switch {
	case kind == "iprp":
		return kind, mapped(content, func(kind string, content []byte) (string, []byte) {
			if kind == "ipco" {
				content = mapped(content, plainProperty)
			}
			return kind, content
		})
	case kind == "iref" && len(content) > 4:
		h.wide = content[0] > 0
		return kind, slices.Concat(content[:4], mapped(content[4:], h.plainReference))
	}
	return kind, content
}

// plainProperty makes of what cuts, turns and mirrors a turning by nothing: items refer to
// properties by their numbers.
func plainProperty(kind string, content []byte) (string, []byte) {
	switch kind {
	case "irot", "imir", "clap":
		return "irot", []byte{0}
	}
	return kind, content
}

// plainReference leaves one of several items that one item is for: the picture, or the
// first.
func (h *heif) plainReference(kind string, content []byte) (string, []byte) {
	id := 2
	if h.wide {
		id = 4
	}
	head := id + 2 // who refers, and to how many
	switch {
	case kind != "auxl" && kind != "thmb" && kind != "cdsc", len(content) < head+id:
		return kind, content
	}
	to := content[head : head+id]
	for other := range slices.Chunk(content[head:], id) {
		if h.id(other) == h.primary {
			to = other
		}
	}
	return kind, slices.Concat(content[:id], []byte{0, 1}, to)
}

// mapped is a sequence of boxes after f.
func mapped(src []byte, f func(kind string, content []byte) (string, []byte)) []byte {
	out := make([]byte, 0, len(src))
	for kind, content := range boxes(src) {
		out = append(out, box(f(kind, content))...)
	}
	return out
}

func box(kind string, content []byte) []byte {
	out := binary.BigEndian.AppendUint32(make([]byte, 0, 8+len(content)), uint32(8+len(content)))
	return append(append(out, kind...), content...)
}
