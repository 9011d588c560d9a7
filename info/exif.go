package info

import (
	"errors"
	"io"
	"math"
	"time"

	"github.com/bep/imagemeta"
	"github.com/thumbery/thumbery/variant"
)

// exif is what a camera wrote into a picture. Texts have no control characters.
type exif struct {
	// taken is when the picture was taken, or the slide scanned, in RFC 3339. It has no
	// zone if the camera has not recorded one, as most do not. "" if it is not known.
	taken    string
	camera   Camera
	location *Location // nil if it is not known
}

// Bounds on the work and memory for one picture. Cameras write some hundred entries, within
// 64 KiB.
const (
	maxExifRead    = 4 << 20 // bytes, including those skipped in a buffer
	maxExifSeeks   = 16 << 10
	maxExifEntries = 2000
	maxExifValue   = 128 // bytes of one value; longer ones are skipped
)

// readExif reads the EXIF data of a picture: JPEG, PNG, WebP, AVIF, HEIC and TIFF may have
// some. Damaged data count as missing.
func readExif(src file, f variant.Format) exif {
	format, ok := metaFormats[f]
	if !ok {
		return exif{}
	}
	c := collector{}
	// The error is ignored: the entries before it are good.
	_, _ = imagemeta.Decode(imagemeta.Options{
		R: &boundedReader{src, maxExifRead, maxExifSeeks}, ImageFormat: format, Sources: imagemeta.EXIF,
		LimitNumTags: maxExifEntries, LimitTagSize: maxExifValue,
		ShouldHandleTag: c.wants, HandleTag: c.take,
	})
	e := c.exif()
	if e.location != nil && !definesPlace(src) {
		e.location = nil
	}
	return e
}

// file is a picture to be read from any offset.
type file interface {
	io.ReadSeeker
	io.ReaderAt
	Size() int64
}

var metaFormats = map[variant.Format]imagemeta.ImageFormat{
	variant.JPEG: imagemeta.JPEG, variant.PNG: imagemeta.PNG, variant.WebP: imagemeta.WebP,
	variant.AVIF: imagemeta.AVIF, variant.HEIC: imagemeta.HEIF, variant.TIFF: imagemeta.TIFF,
}

// collector has the values of the entries that are looked for, by their names.
type collector map[string]any

// wants accepts an entry only in its own directory: in that of the thumbnail, for example,
// it describes the thumbnail. The first of several counts.
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

func (c collector) exif() exif {
	e := exif{camera: Camera{c.text("Make"), c.text("Model")}}
	e.taken = taken(c.text("DateTimeOriginal"), c.text("OffsetTimeOriginal"))
	if e.taken == "" {
		e.taken = taken(c.text("CreateDate"), c.text("OffsetTimeDigitized"))
	}
	lat, north := c.degrees("GPSLatitude", "N", "S", 90)
	long, east := c.degrees("GPSLongitude", "E", "W", 180)
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

// degrees returns a coordinate, negated if its reference is the negative one.
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

// errBound stops reading a file that is made to be read for ever.
var errBound = errors.New("too much to read")

// boundedReader fails after a number of bytes and seeks.
type boundedReader struct {
	r            io.ReadSeeker
	bytes, seeks int
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.bytes <= 0 {
		return 0, errBound
	}
	n, err := b.r.Read(p[:min(len(p), b.bytes)])
	b.bytes -= n
	return n, err
}

func (b *boundedReader) Seek(offset int64, whence int) (int64, error) {
	if b.seeks--; b.seeks < 0 {
		b.bytes = 0
		return 0, errBound
	}
	return b.r.Seek(offset, whence)
}
