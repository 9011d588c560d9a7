package main

import (
	"encoding/binary"
	"image/color"
)

// tiffPage is a page of one colour.
type tiffPage struct {
	w, h   int
	depth  int // bits a sample, 8 or 16
	colour color.RGBA
}

// pagesTIFF has pages of three sizes, the last of 16 bits.
func pagesTIFF() ([]byte, error) {
	return multiTIFF([]tiffPage{
		{120, 80, 8, color.RGBA{255, 0, 0, 255}},
		{80, 120, 8, color.RGBA{0, 128, 0, 255}},
		{60, 60, 16, color.RGBA{0, 0, 255, 255}},
	})
}

// multiTIFF writes a directory for each page, followed by its one strip,
// deflated (TIFF 6.0, and supplement 2 for the compression).
func multiTIFF(pages []tiffPage) ([]byte, error) {
	out := []byte("II*\x00\x08\x00\x00\x00")
	for i, p := range pages {
		strip, err := deflate(p.samples())
		if err != nil {
			return nil, err
		}
		const entries = 10
		bits := len(out) + 2 + 12*entries + 4 // three shorts, and two bytes of padding
		at := bits + 8
		next := (at + len(strip) + 1) &^ 1
		if i == len(pages)-1 {
			next = 0
		}
		out = binary.LittleEndian.AppendUint16(out, entries)
		for _, e := range [entries][4]int{ // tag, type, count, value
			{256, 3, 1, p.w},
			{257, 3, 1, p.h},
			{258, 3, 3, bits},
			{259, 3, 1, 8}, // deflate
			{262, 3, 1, 2}, // RGB
			{273, 4, 1, at},
			{277, 3, 1, 3},
			{278, 3, 1, p.h},
			{279, 4, 1, len(strip)},
			{284, 3, 1, 1}, // samples side by side
		} {
			out = tiffEntry(out, e)
		}
		out = binary.LittleEndian.AppendUint32(out, uint32(next))
		for range 4 {
			out = binary.LittleEndian.AppendUint16(out, uint16(p.depth))
		}
		out = append(out, strip...)
		if len(out)%2 != 0 {
			out = append(out, 0)
		}
	}
	return out, nil
}

func tiffEntry(out []byte, e [4]int) []byte {
	out = binary.LittleEndian.AppendUint16(out, uint16(e[0]))
	out = binary.LittleEndian.AppendUint16(out, uint16(e[1]))
	out = binary.LittleEndian.AppendUint32(out, uint32(e[2]))
	return binary.LittleEndian.AppendUint32(out, uint32(e[3]))
}

func (p tiffPage) samples() (out []byte) {
	for range p.w * p.h {
		for _, v := range []uint8{p.colour.R, p.colour.G, p.colour.B} {
			out = append(out, v)
			if p.depth == 16 {
				out = append(out, v)
			}
		}
	}
	return out
}

// hugeTIFF declares 60000x60000 pixels and holds a strip of a few bytes.
func hugeTIFF() ([]byte, error) {
	out := []byte("II*\x00\x08\x00\x00\x00\x08\x00")
	for _, e := range [][4]int{
		{256, 4, 1, 60000},
		{257, 4, 1, 60000},
		{258, 3, 1, 8},
		{259, 3, 1, 1},
		{262, 3, 1, 1},
		{273, 4, 1, 110},
		{278, 4, 1, 60000},
		{279, 4, 1, 16},
	} {
		out = tiffEntry(out, e)
	}
	return append(out, make([]byte, 4+16)...), nil
}
