package main

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// turnedHEIF adds a rotation by so many quarters anticlockwise to a file of one
// item with three properties, as heif-enc writes it and has no option for: a
// property, its association, and all sizes and places that they move.
func turnedHEIF(data []byte, quarters byte) []byte {
	const property, association = 9, 1
	grow := func(kind string, n uint32) (end int) {
		at := bytes.Index(data, []byte(kind)) - 4
		size := binary.BigEndian.Uint32(data[at:])
		binary.BigEndian.PutUint32(data[at:], size+n)
		return at + int(size)
	}
	data = bytes.Clone(data)
	data = slices.Insert(data, grow("ipco", property), []byte{0, 0, 0, property, 'i', 'r', 'o', 't', quarters}...)
	data = slices.Insert(data, grow("ipma", association), 0x80|4) // essential, the fourth
	data[bytes.Index(data, []byte("ipma"))+4+4+4+2]++
	grow("iprp", property+association)
	grow("meta", property+association)
	// Version and flags, sizes of the fields, one item, its number, its file.
	base := data[bytes.Index(data, []byte("iloc"))+4+4+2+2+2+2:]
	binary.BigEndian.PutUint32(base, binary.BigEndian.Uint32(base)+property+association)
	return data
}
