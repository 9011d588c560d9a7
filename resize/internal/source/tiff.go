package source

import (
	"encoding/binary"
	"slices"
)

// TIFF is a TIFF file, or EXIF data, which has the same structure.
type TIFF struct {
	s         *Source
	off, size int64
	order     binary.ByteOrder
}

// TIFF reads the head of the TIFF in the n bytes at off, and returns where in it the first
// directory is.
func (s *Source) TIFF(off, n int64) (t TIFF, first int64, err error) {
	t = TIFF{s, off, n, binary.LittleEndian}
	b, err := t.at(0, 8)
	if err != nil {
		return t, 0, err
	}
	switch string(b[:4]) {
	case "II*\x00":
	case "MM\x00*":
		t.order = binary.BigEndian
	default:
		return t, 0, Broken("no TIFF header")
	}
	return t, int64(t.order.Uint32(b[4:])), nil
}

// at returns n bytes at off, within the TIFF.
func (t TIFF) at(off int64, n int) ([]byte, error) {
	if off < 0 || off+int64(n) > t.size {
		return nil, CutShort("a TIFF directory")
	}
	return t.s.At(t.off+off, n)
}

// Directory reads the numbers of some tags in the directory at off, and where the next one
// is, 0 after the last. Of several entries with one tag the first counts, as for libtiff. With
// an error it returns what it has read before.
func (t TIFF) Directory(off int64, tags ...uint16) (numbers map[uint16][]int, next int64, err error) {
	b, err := t.at(off, 2)
	if err != nil {
		return nil, 0, err
	}
	numbers, off = map[uint16][]int{}, off+2
	for range t.order.Uint16(b) {
		if b, err = t.at(off, 12); err != nil {
			return numbers, 0, err
		}
		if tag := t.order.Uint16(b); slices.Contains(tags, tag) && numbers[tag] == nil {
			if numbers[tag], err = t.numbers([12]byte(b)); err != nil {
				return numbers, 0, err
			}
		}
		off += 12
	}
	if b, err := t.at(off, 4); err == nil { // which is missing in some files
		next = int64(t.order.Uint32(b))
	}
	return numbers, next, nil
}

// maxNumbers is how many numbers of an entry are read: no pixel that is read has more samples.
const maxNumbers = 16

// numbers returns the numbers of an entry, at most maxNumbers of them. It returns a single -1
// if the entry has none, or is not of type BYTE, SHORT or LONG.
func (t TIFF) numbers(entry [12]byte) (list []int, err error) {
	width := map[uint16]int{1: 1, 3: 2, 4: 4}[t.order.Uint16(entry[2:])] // BYTE, SHORT, LONG
	count := t.order.Uint32(entry[4:])
	n := int(min(count, maxNumbers))
	if width == 0 || n == 0 {
		return []int{-1}, nil
	}
	value := entry[8:]
	if uint64(count)*uint64(width) > 4 {
		if value, err = t.at(int64(t.order.Uint32(value)), n*width); err != nil {
			return nil, err
		}
	}
	for b := range slices.Chunk(value[:n*width], width) {
		switch width {
		case 1:
			list = append(list, int(b[0]))
		case 2:
			list = append(list, int(t.order.Uint16(b)))
		case 4:
			list = append(list, int(t.order.Uint32(b)))
		}
	}
	return list, nil
}
