// Package ifd reads the directories of TIFF structures, which EXIF is one of.
package ifd

import (
	"encoding/binary"

	"github.com/thumbery/thumbery/resize/header/internal/source"
)

// Reader reads the directories of a TIFF structure that lies at base and is
// size bytes long; EXIF is one.
type Reader struct {
	s          *source.Source
	base, size int64
	order      binary.ByteOrder
}

const (
	tagOrientation = 0x112
	typeShort      = 3
)

// maxEntries is how many entries of one directory are looked at; libtiff refuses more.
const maxEntries = 4 << 10

// widths are the bytes of the types whose numbers are whole; read-only. libtiff
// takes all of them wherever it expects one: BYTE, SHORT, LONG, SBYTE, SSHORT,
// SLONG, IFD, LONG8, SLONG8 and IFD8.
var widths = map[uint16]int{1: 1, 3: 2, 4: 4, 6: 1, 8: 2, 9: 4, 13: 4, 16: 8, 17: 8, 18: 8}

// Open reads the header of a TIFF structure and returns the offset of its
// first directory.
func Open(s *source.Source, base, size int64) (d Reader, first int64, err error) {
	d = Reader{s: s, base: base, size: size, order: binary.LittleEndian}
	b, err := d.at(0, 8)
	if err != nil {
		return d, 0, err
	}
	switch string(b[:4]) {
	case "II*\x00":
	case "MM\x00*":
		d.order = binary.BigEndian
	default:
		return d, 0, source.Broken("no TIFF header")
	}
	return d, int64(d.order.Uint32(b[4:])), nil
}

func (d Reader) at(off int64, n int) ([]byte, error) {
	if off < 0 || off+int64(n) > d.size {
		return nil, source.CutShort("a TIFF directory")
	}
	return d.s.At(d.base+off, n)
}

// Entry is one entry of a directory.
type Entry struct {
	Tag   uint16
	kind  uint16
	count uint32
	value [4]byte // the value, or its offset if it is longer
}

// Each calls f for the entries of the directory at off, and returns the offset of
// the next directory, 0 after the last.
func (d Reader) Each(off int64, f func(Entry)) (next int64, err error) {
	b, err := d.at(off, 2)
	if err != nil {
		return 0, err
	}
	n := int(d.order.Uint16(b))
	if n > maxEntries {
		return 0, source.Broken("a directory of %d entries", n)
	}
	for i := range n {
		b, err := d.at(off+2+12*int64(i), 12)
		if err != nil {
			return 0, err
		}
		f(Entry{
			Tag: d.order.Uint16(b), kind: d.order.Uint16(b[2:]),
			count: d.order.Uint32(b[4:]), value: [4]byte(b[8:]),
		})
	}
	b, err = d.at(off+2+12*int64(n), 4)
	if err != nil {
		return 0, nil // EXIF writers often leave the link to the next one out
	}
	return int64(d.order.Uint32(b)), nil
}

// Long is how many bytes a value has if it is a long one. libtiff reads those of all
// directories to count the pages: four thousand that share one list of a million
// strips take it minutes.
func (d Reader) Long(e Entry) int64 {
	const short, widest = 4 << 10, 8
	width, whole := widths[e.kind]
	if !whole {
		width = widest
	}
	n := min(int64(e.count)*int64(width), d.size)
	if n <= short {
		return 0
	}
	return n
}

// First returns the first number of an entry's value, at most source.SideMax+1, and
// 0 if it is below 0, of another type, or cannot be read.
func (d Reader) First(e Entry) int {
	width, whole := widths[e.kind]
	b := e.value[:]
	switch {
	case !whole || e.count == 0:
		return 0
	case int64(e.count)*int64(width) > int64(len(b)):
		var err error
		if b, err = d.at(int64(d.order.Uint32(b)), width); err != nil {
			return 0
		}
	}
	var v uint64
	switch width {
	case 1:
		v = uint64(b[0])
	case 2:
		v = uint64(d.order.Uint16(b))
	case 4:
		v = uint64(d.order.Uint32(b))
	case 8:
		v = d.order.Uint64(b)
	}
	if signed := e.kind == 6 || e.kind == 8 || e.kind == 9 || e.kind == 17; signed && v>>(8*width-1) != 0 {
		return 0
	}
	return int(min(v, source.SideMax+1))
}

// Orientation reads the orientation from the EXIF data of n bytes at off,
// with or without its "Exif" prefix. Damaged EXIF means 1: it is no reason to
// refuse a picture.
func Orientation(s *source.Source, off, n int64) int {
	const prefix = "Exif\x00\x00"
	if b, err := s.At(off, len(prefix)); err == nil && n >= int64(len(prefix)) && string(b) == prefix {
		off, n = off+int64(len(prefix)), n-int64(len(prefix))
	}
	orientation := 1
	d, first, err := Open(s, off, n)
	if err != nil {
		return 1
	}
	_, _ = d.Each(first, func(e Entry) {
		if e.Tag != tagOrientation {
			return
		}
		if v := d.First(e); v >= 1 && v <= 8 {
			orientation = v
		}
	})
	return orientation
}

// Shorts returns the numbers of an entry, at most so many of them; -1 for those
// that are of a type that nobody writes.
func (d Reader) Shorts(e Entry, most uint32) []int {
	switch {
	case e.count == 0:
		return nil
	case e.kind != typeShort && e.count == 1:
		return []int{d.First(e)}
	case e.kind != typeShort:
		return []int{-1}
	}
	n := int(min(e.count, most))
	b := e.value[:]
	if e.count > 2 {
		var err error
		if b, err = d.at(int64(d.order.Uint32(b)), 2*n); err != nil {
			return nil
		}
	}
	list := make([]int, n)
	for i := range list {
		list[i] = int(d.order.Uint16(b[2*i:]))
	}
	return list
}
