package header

import (
	"encoding/binary"
	"slices"

	"github.com/thumbery/thumbery/resize/internal/source"
	"github.com/thumbery/thumbery/variant"
)

func inspectPNG(s *source.Source) (Header, error) {
	h, err := pngHeader(s)
	if err != nil {
		return h, err
	}
	for c, err := range s.PNGChunks() {
		if c.Kind == "IDAT" {
			h.Pages = 1
		}
		if err != nil || c.Kind == "IEND" {
			return h, err
		}
		switch c.Kind {
		case "tRNS":
			h.Alpha = true
		case "cICP", "gAMA": // from which a profile may be made
			h.ICC = true
		case "iCCP":
			h.ICC = true
			if h.Pages == 0 && h.Profile.Len == 0 {
				h.Profile = Extent{c.Body, c.Len}
			}
		case "eXIf":
			h.readEXIF(s, c.Body, c.Len)
		}
	}
	return h, nil
}

// pngHeader reads IHDR, which must come first; Apple's CgBI dialect has another
// chunk before it and cannot be decoded by others.
func pngHeader(s *source.Source) (Header, error) {
	b, err := s.At(8, 12+13)
	if err != nil {
		return Header{}, err
	}
	if string(b[:8]) != "\x00\x00\x00\x0dIHDR" {
		return Header{}, source.Broken("its first chunk is not IHDR")
	}
	kind := b[8+9]
	h := Header{
		Format: variant.PNG, Orientation: 1,
		Width:       int(binary.BigEndian.Uint32(b[8:])),
		Height:      int(binary.BigEndian.Uint32(b[12:])),
		Depth:       int(b[8+8]),
		Gray:        kind == 0 || kind == 4,
		Alpha:       kind == 4 || kind == 6,
		Progressive: b[8+12] == 1,
		Palette:     kind == 3,
	}
	if !slices.Contains(pngDepths[kind], h.Depth) {
		return Header{}, source.Broken("colour type %d with %d bits", kind, h.Depth)
	}
	return h, nil
}

// pngDepths are the bits that a sample may have, by the colour type: table 11.1 of the PNG
// specification.
var pngDepths = map[byte][]int{0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
