package info

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
)

// Tags, types and lengths of EXIF's coordinates: degrees, minutes and seconds, each a
// fraction of two whole numbers of four bytes.
const (
	tagPlace     = 0x8825
	tagLatitude  = 2
	tagLongitude = 4
	typeText     = 2
	typeFraction = 5
	typeSigned   = 10

	coordinateParts = 3
	coordinateBytes = 8 * coordinateParts
	entryBytes      = 12
	maxPlaceEntries = 64
	maxStarts       = 64 // of what looks like EXIF data
)

// definesPlace reports whether EXIF data within a picture have two coordinates of which
// each part has a value. imagemeta takes those without one, which are divided by 0 or are
// not there, for 0. It does not say where the EXIF data lie, so that all of the picture is
// searched for them.
func definesPlace(src file) bool {
	const step, overlap = 64 << 10, 3
	window := make([]byte, step+overlap)
	left := maxStarts
	for off := int64(0); off < src.Size() && left > 0; off += step {
		n, _ := src.ReadAt(window, off)
		for _, at := range starts(window[:n], &left) {
			if newDirectories(src, off+int64(at)).definePlace() {
				return true
			}
		}
	}
	return false
}

// starts is where TIFF structures may begin in b, at most left of them.
func starts(b []byte, left *int) (all []int) {
	for _, magic := range []string{"II*\x00", "MM\x00*"} {
		for i := 0; *left > 0; i += len(magic) {
			at := bytes.Index(b[i:], []byte(magic))
			if at < 0 {
				break
			}
			i += at
			all = append(all, i)
			*left--
		}
	}
	return all
}

// directories are those of a TIFF structure, as which EXIF data are stored.
type directories struct {
	data  *io.SectionReader
	order binary.ByteOrder
}

func newDirectories(src file, off int64) directories {
	d := directories{io.NewSectionReader(src, off, src.Size()-off), binary.LittleEndian}
	if d.at(0, 1)[0] == 'M' {
		d.order = binary.BigEndian
	}
	return d
}

// at is the n bytes at off, zeros where there are none.
func (d directories) at(off uint32, n int) []byte {
	b := make([]byte, n)
	_, _ = d.data.ReadAt(b, int64(off))
	return b
}

// entry is the first with that tag in the directory at off; nil if there is none.
func (d directories) entry(off uint32, tag uint16, most int) []byte {
	n := min(int(d.order.Uint16(d.at(off, 2))), most)
	for e := range slices.Chunk(d.at(off+2, n*entryBytes), entryBytes) {
		if d.order.Uint16(e) == tag {
			return e
		}
	}
	return nil
}

func (d directories) definePlace() bool {
	place := d.entry(d.order.Uint32(d.at(4, 4)), tagPlace, maxExifEntries)
	if place == nil {
		return false
	}
	off := d.order.Uint32(place[8:])
	return d.defines(d.entry(off, tagLatitude, maxPlaceEntries)) && d.defines(d.entry(off, tagLongitude, maxPlaceEntries))
}

// defines reports whether each part of a coordinate has a value. One that is a text is
// none of ours.
func (d directories) defines(e []byte) bool {
	if e == nil {
		return false
	}
	switch kind := d.order.Uint16(e[2:]); {
	case kind == typeText:
		return true
	case kind != typeFraction && kind != typeSigned, d.order.Uint32(e[4:]) != coordinateParts:
		return false
	}
	for part := range slices.Chunk(d.at(d.order.Uint32(e[8:]), coordinateBytes), 8) {
		if d.order.Uint32(part[4:]) == 0 {
			return false
		}
	}
	return true
}
