package container

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/internal/source"
)

// plainHEIF returns src with a description of its items (the meta box) that all versions of
// libheif read alike. Left out are:
//
//   - irot, imir and clap, which libheif 1.15 applies to colours but not to alpha. The
//     header has read them.
//   - all but one reference, where an alpha channel, a thumbnail or metadata refer to several
//     pictures: libheif 1.15 refuses such files, which telephones write.
//
// The new description stands at the end, so that what it says of places in the file stays
// true, and the old one is made free space.
func plainHEIF(src []byte) ([]byte, error) {
	var meta, last source.Part
	for b, err := range source.Of(src).Boxes(0, int64(len(src))) {
		if err != nil {
			return nil, err
		}
		if last = b; b.Kind == "meta" {
			meta = b
		}
	}
	if meta.Len < 4 || len(src) > math.MaxUint32 {
		return nil, fmt.Errorf("%w: it describes no items", header.ErrBroken)
	}
	content := src[meta.Body:meta.End]
	primary := primaryItem(content[4:])
	plain := slices.Concat(content[:4], mapped(content[4:], func(kind string, content []byte) (string, []byte) {
		return kind, plainMeta(kind, content, primary)
	}))
	if slices.Equal(plain, content) {
		return src, nil
	}
	out := slices.Concat(src, box("meta", plain))
	copy(out[meta.Off+4:], "free")
	if binary.BigEndian.Uint32(out[last.Off:]) == 0 { // as long as the file, which has grown
		binary.BigEndian.PutUint32(out[last.Off:], uint32(last.End-last.Off))
	}
	return out, nil
}

// primaryItem reads the number of the item that is the picture from pitm, among the children of
// meta.
func primaryItem(children []byte) uint32 {
	s := source.Of(children)
	for b := range s.Boxes(0, s.Size) {
		if b.Kind == "pitm" && b.Len > 4 {
			return itemNumber(children[b.Body+4:b.End], children[b.Body] > 0)
		}
	}
	return 0
}

// itemNumber is the number at the beginning of b, of two bytes or four; 0 if b is too short.
func itemNumber(b []byte, wide bool) uint32 {
	switch {
	case wide && len(b) >= 4:
		return binary.BigEndian.Uint32(b)
	case !wide && len(b) >= 2:
		return uint32(binary.BigEndian.Uint16(b))
	}
	return 0
}

// plainMeta returns the content of a child of meta as it is to be.
func plainMeta(kind string, content []byte, primary uint32) []byte {
	switch {
	case kind == "iprp":
		return mapped(content, func(kind string, content []byte) (string, []byte) {
			if kind == "ipco" {
				content = mapped(content, plainProperty)
			}
			return kind, content
		})
	case kind == "iref" && len(content) > 4:
		wide := content[0] > 0
		return slices.Concat(content[:4], mapped(content[4:], func(kind string, content []byte) (string, []byte) {
			return kind, plainReference(kind, content, primary, wide)
		}))
	}
	return content
}

// plainProperty replaces what cuts, turns or mirrors by a rotation of 0 degrees. It is not
// removed, as items refer to properties by their numbers.
func plainProperty(kind string, content []byte) (string, []byte) {
	switch kind {
	case "irot", "imir", "clap":
		return "irot", []byte{0}
	}
	return kind, content
}

// plainReference leaves one of the items that an auxiliary item refers to: the primary item,
// or the first. Their numbers have four bytes if they are wide, otherwise two.
func plainReference(kind string, content []byte, primary uint32, wide bool) []byte {
	size := 2
	if wide {
		size = 4
	}
	head := size + 2 // who refers, and to how many
	if kind != "auxl" && kind != "thmb" && kind != "cdsc" || len(content) < head+size {
		return content
	}
	to := content[head : head+size]
	for other := range slices.Chunk(content[head:], size) {
		if itemNumber(other, wide) == primary {
			to = other
		}
	}
	return slices.Concat(content[:size], []byte{0, 1}, to)
}

// mapped applies f to each box of a sequence.
func mapped(src []byte, f func(kind string, content []byte) (string, []byte)) []byte {
	out := make([]byte, 0, len(src))
	for b := range source.Of(src).Boxes(0, int64(len(src))) {
		out = append(out, box(f(b.Kind, src[b.Body:b.End]))...)
	}
	return out
}
