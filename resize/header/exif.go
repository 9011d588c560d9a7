package header

import (
	"encoding/binary"

	"github.com/thumbery/thumbery/resize/header/internal/source"
)

const (
	tagOrientation = 0x112
	typeShort      = 3
	typeLong       = 4
	// maxEntries is how many entries of a directory are looked at.
	maxEntries = 4 << 10
)

// exifOrientation reads the orientation from the EXIF data of n bytes at off, with or
// without its "Exif" prefix. Damaged EXIF means 1: it is no reason to refuse a picture.
func exifOrientation(s *file, off, n int64) int {
	const prefix = "Exif\x00\x00"
	if b, err := s.At(off, len(prefix)); err == nil && n >= int64(len(prefix)) && string(b) == prefix {
		off, n = off+int64(len(prefix)), n-int64(len(prefix))
	}
	orientation := 1
	// The rest of the directory may be damaged.
	_ = exif{s.Source, off, n, binary.LittleEndian}.entries(func(tag uint16, value int) {
		if tag == tagOrientation && value >= 1 && value <= 8 {
			orientation = value
		}
	})
	return orientation
}

// exif is a TIFF structure of size bytes at base.
type exif struct {
	s          *source.Source
	base, size int64
	order      binary.ByteOrder
}

func (x exif) at(off int64, n int) ([]byte, error) {
	if off < 0 || off+int64(n) > x.size {
		return nil, source.CutShort("a TIFF directory")
	}
	return x.s.At(x.base+off, n)
}

// entries calls f for those entries of the first directory that are one whole number.
func (x exif) entries(f func(tag uint16, value int)) error {
	b, err := x.at(0, 8)
	if err != nil {
		return err
	}
	switch string(b[:4]) {
	case "II*\x00":
	case "MM\x00*":
		x.order = binary.BigEndian
	default:
		return source.Broken("no TIFF header")
	}
	off := int64(x.order.Uint32(b[4:]))
	if b, err = x.at(off, 2); err != nil {
		return err
	}
	for i := range min(int64(x.order.Uint16(b)), maxEntries) {
		e, err := x.at(off+2+12*i, 12)
		if err != nil {
			return err
		}
		if x.order.Uint32(e[4:]) != 1 {
			continue
		}
		switch x.order.Uint16(e[2:]) {
		case typeShort:
			f(x.order.Uint16(e), int(x.order.Uint16(e[8:])))
		case typeLong:
			f(x.order.Uint16(e), int(x.order.Uint32(e[8:])))
		}
	}
	return nil
}
