package info

import (
	"cmp"
	"encoding/binary"
	"io"
	"math"
	"slices"
	"time"

	"github.com/thumbery/thumbery/resize/header"
)

// exif is what a camera wrote into a picture. Texts have no control characters.
type exif struct {
	// taken is when the picture was taken, or the slide scanned, in RFC 3339. It has no
	// zone if the camera has not recorded one, as most do not. "" if it is not known.
	taken    string
	camera   Camera
	location *Location // nil if it is not known
}

// Tags of EXIF 2.32. Those of the GPS directory count from 0 again.
const (
	tagMake, tagModel                  = 0x10f, 0x110
	tagCamera, tagGPS                  = 0x8769, 0x8825 // directories
	tagTaken, tagScanned               = 0x9003, 0x9004
	tagTakenZone, tagScannedZone       = 0x9011, 0x9012
	tagNorthOrSouth, tagLatitude       = 1, 2
	tagEastOrWest, tagLongitude        = 3, 4
	typeText, typeFraction, typeSigned = 2, 5, 10
	entryBytes, fractionBytes          = 12, 8
	maxExifEntries, maxExifText        = 2000, 128 // cameras write some hundred
)

// readExif reads EXIF data, a TIFF structure, at a place in src. Damaged data count as missing.
func readExif(src io.ReaderAt, at header.Extent) (e exif) {
	t := tiff{io.NewSectionReader(src, at.Off, at.Len), binary.LittleEndian}
	switch string(t.at(0, 4)) {
	case "II*\x00":
	case "MM\x00*":
		t.order = binary.BigEndian
	default:
		return e
	}
	first := t.directory(t.at(4, 4))
	e.camera = Camera{t.text(first[tagMake]), t.text(first[tagModel])}
	camera, gps := t.directory(first[tagCamera].value()), t.directory(first[tagGPS].value())
	e.taken = cmp.Or(
		taken(t.text(camera[tagTaken]), t.text(camera[tagTakenZone])),
		taken(t.text(camera[tagScanned]), t.text(camera[tagScannedZone])))
	lat, north := t.degrees(gps[tagLatitude], t.text(gps[tagNorthOrSouth]), "N", "S", 90)
	long, east := t.degrees(gps[tagLongitude], t.text(gps[tagEastOrWest]), "E", "W", 180)
	// Receivers without a fix write 0, 0, which is in the ocean.
	if north && east && (lat != 0 || long != 0) {
		e.location = &Location{rounded(lat), rounded(long)}
	}
	return e
}

// rounded has a precision of a tenth of a metre on the ground, which is finer than receivers
// measure.
func rounded(degrees float64) float64 { return math.Round(degrees*1e6) / 1e6 }

// taken converts EXIF's date and offset to RFC 3339.
func taken(date, offset string) string {
	t, err := time.Parse("2006:01:02 15:04:05", date)
	if err != nil || t.Year() == 0 {
		return ""
	}
	if zone, err := time.Parse("-07:00", offset); err == nil {
		return t.Format("2006-01-02T15:04:05") + zone.Format("Z07:00")
	}
	return t.Format("2006-01-02T15:04:05")
}

// tiff is a TIFF structure: directories of entries, each with a tag, a type, a number of
// values, and four bytes that are these values, or where they are.
type tiff struct {
	data  *io.SectionReader
	order binary.ByteOrder
}

// ifd is the entries of a directory by their tags; the first of several counts.
type ifd map[uint16]entry

// entry is the bytes of an entry, nil if there is none.
type entry []byte

func (e entry) value() []byte {
	if e == nil {
		return nil
	}
	return e[8:]
}

// at is the n bytes at off, zeros where there are none.
func (t tiff) at(off int64, n int) []byte {
	b := make([]byte, n)
	_, _ = t.data.ReadAt(b, off)
	return b
}

// directory reads the directory that an offset of four bytes points to.
func (t tiff) directory(pointer []byte) ifd {
	d := ifd{}
	if pointer == nil {
		return d
	}
	off := int64(t.order.Uint32(pointer))
	n := min(int(t.order.Uint16(t.at(off, 2))), maxExifEntries)
	for e := range slices.Chunk(t.at(off+2, n*entryBytes), entryBytes) {
		if tag := t.order.Uint16(e); d[tag] == nil {
			d[tag] = e
		}
	}
	return d
}

// text is the value of an entry, "" if that is no text, or a very long one.
func (t tiff) text(e entry) string {
	if e == nil || t.order.Uint16(e[2:]) != typeText || t.order.Uint32(e[4:]) > maxExifText {
		return ""
	}
	n := int(t.order.Uint32(e[4:]))
	if n <= 4 {
		return clean(string(e[8 : 8+n]))
	}
	return clean(string(t.at(int64(t.order.Uint32(e[8:])), n)))
}

// degrees is a coordinate of degrees, minutes and seconds, negated if its side is the
// negative one. A part that is divided by 0 has no value, and so the coordinate has none.
func (t tiff) degrees(e entry, side, positive, negative string, limit float64) (degrees float64, ok bool) {
	if e == nil || t.order.Uint32(e[4:]) != 3 {
		return 0, false
	}
	kind, unit := t.order.Uint16(e[2:]), 1.0
	for part := range slices.Chunk(t.at(int64(t.order.Uint32(e[8:])), 3*fractionBytes), fractionBytes) {
		above, below := t.order.Uint32(part), t.order.Uint32(part[4:])
		switch {
		case below == 0:
			return 0, false
		case kind == typeFraction:
			degrees += float64(above) / float64(below) / unit
		case kind == typeSigned:
			degrees += float64(int32(above)) / float64(int32(below)) / unit
		default:
			return 0, false
		}
		unit *= 60
	}
	switch {
	case degrees < 0 || degrees > limit:
		return 0, false
	case side == negative:
		return -degrees, true
	}
	return degrees, side == positive
}
