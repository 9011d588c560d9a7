package info

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/bep/imagemeta"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// Exif is what a camera wrote into a picture. Texts are as they stand there,
// without control characters.
type Exif struct {
	// Taken is when the picture was taken, or when the slide was scanned, as of
	// RFC 3339; without its zone where the camera did not note one, as most do
	// not. "" if it is not known.
	Taken       string
	Make, Model string

	HasGPS              bool
	Latitude, Longitude float64 // degrees of WGS 84, to the north and east; 0 without HasGPS
}

// Bounds on what one picture can make ReadExif do, and hold. Cameras write some
// hundred entries, within the first 64 KiB that they tell of.
const (
	maxExifRead    = 4 << 20 // bytes, with those that are passed over in a buffer
	maxExifSeeks   = 16 << 10
	maxExifEntries = 2000
	maxExifValue   = 128 // bytes of one value; longer ones are not looked at
)

// ReadExif reads the EXIF data in a picture of size bytes that h is the header
// of: JPEG, PNG, WebP, AVIF, HEIC and TIFF may have some. What is damaged is as
// good as missing. An error is the reader's own.
func ReadExif(r io.ReaderAt, size int64, h header.Header) (Exif, error) {
	format, ok := metaFormat(h.Format)
	if !ok {
		return Exif{}, nil
	}
	in := &boundedReader{r: io.NewSectionReader(r, 0, size), bytes: maxExifRead, seeks: maxExifSeeks}
	c := collector{}
	// Its error is of no use: what went before it is good, and what failed in
	// reading is known better here.
	_, _ = imagemeta.Decode(imagemeta.Options{
		R: in, ImageFormat: format, Sources: imagemeta.EXIF,
		LimitNumTags: maxExifEntries, LimitTagSize: maxExifValue,
		ShouldHandleTag: c.wants, HandleTag: c.take,
	})
	if in.err != nil {
		return Exif{}, fmt.Errorf("reading the picture: %w", in.err)
	}
	return c.exif(), nil
}

func metaFormat(f variant.Format) (imagemeta.ImageFormat, bool) {
	switch f {
	case variant.JPEG:
		return imagemeta.JPEG, true
	case variant.PNG:
		return imagemeta.PNG, true
	case variant.WebP:
		return imagemeta.WebP, true
	case variant.AVIF:
		return imagemeta.AVIF, true
	case variant.HEIC:
		return imagemeta.HEIF, true
	case variant.TIFF:
		return imagemeta.TIFF, true
	}
	return 0, false
}

// collector keeps the entries that are looked for, by their names.
type collector map[string]any

// wants says which directory an entry counts in: elsewhere, as in that of the
// thumbnail, it is about something else. Of two the first counts.
func (c collector) wants(t imagemeta.TagInfo) bool {
	if _, have := c[t.Tag]; have {
		return false
	}
	switch t.Tag {
	case "Make", "Model":
		return t.Namespace == "IFD0"
	case "DateTimeOriginal", "CreateDate", "OffsetTimeOriginal", "OffsetTimeDigitized":
		return t.Namespace == "IFD0/ExifIFDP"
	case "GPSLatitude", "GPSLatitudeRef", "GPSLongitude", "GPSLongitudeRef":
		return t.Namespace == "IFD0/GPSInfoIFD"
	}
	return false
}

func (c collector) take(t imagemeta.TagInfo) error {
	c[t.Tag] = t.Value
	return nil
}

func (c collector) text(tag string) string {
	s, _ := c[tag].(string)
	return clean(s)
}

func (c collector) exif() Exif {
	e := Exif{Make: c.text("Make"), Model: c.text("Model")}
	e.Taken = taken(c.text("DateTimeOriginal"), c.text("OffsetTimeOriginal"))
	if e.Taken == "" {
		e.Taken = taken(c.text("CreateDate"), c.text("OffsetTimeDigitized"))
	}
	lat, north := c.degrees("GPSLatitude", "N", "S", 90)
	long, east := c.degrees("GPSLongitude", "E", "W", 180)
	// Receivers without a fix write noughts, and nobody lives there.
	if north && east && (lat != 0 || long != 0) {
		e.HasGPS, e.Latitude, e.Longitude = true, lat, long
	}
	return e
}

// taken turns EXIF's date and offset into RFC 3339.
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

// degrees reads a coordinate and the side of it, the second of which is
// negative.
func (c collector) degrees(tag, positive, negative string, limit float64) (float64, bool) {
	d, ok := c[tag].(float64)
	side := c.text(tag + "Ref")
	if !ok || math.IsNaN(d) || d < 0 || d > limit || side != positive && side != negative {
		return 0, false
	}
	if side == negative {
		d = -d
	}
	return d, true
}

// errBound ends the reading of what wants to be read for ever.
var errBound = errors.New("too much to read")

// boundedReader fails after so many bytes and seeks. It keeps its own failures,
// but the end of the file and the bounds, in err.
type boundedReader struct {
	r            *io.SectionReader
	bytes, seeks int
	err          error
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.bytes <= 0 {
		return 0, errBound
	}
	n, err := b.r.Read(p[:min(len(p), b.bytes)])
	b.bytes -= n
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

func (b *boundedReader) Seek(offset int64, whence int) (int64, error) {
	if b.seeks--; b.seeks < 0 {
		b.bytes = 0
		return 0, errBound
	}
	return b.r.Seek(offset, whence)
}
