package info

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/icc"
	"github.com/thumbery/thumbery/variant"
)

// Camera is the camera that took a picture.
type Camera struct {
	Make  string `json:"make,omitempty"`
	Model string `json:"model,omitempty"`
}

// Location is where a picture was taken, in degrees of WGS 84, north and east.
type Location struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

// addMetadata adds what the metadata say. Damaged metadata count as missing. The error is
// that of src.
func (d *Document) addMetadata(src resize.Source, h header.Header, location bool) error {
	r := &failingReader{ReaderAt: src.At}
	if profile, err := icc.Read(r, h); err == nil {
		d.Profile = clean(icc.Name(profile))
	}
	place := h.EXIF
	if h.Format == variant.TIFF {
		place = header.Extent{Len: src.Size}
	}
	e := readExif(r, place)
	d.Taken = e.taken
	if e.camera != (Camera{}) {
		d.Camera = &e.camera
	}
	if location {
		d.Location = e.location
	}
	return r.failed
}

// failingReader remembers the error of a reader, which parsers may take for damage.
type failingReader struct {
	io.ReaderAt
	failed error
}

func (r *failingReader) ReadAt(p []byte, at int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(p, at)
	if err != nil && err != io.EOF {
		r.failed = err
	}
	return n, err
}

// maxText is the length to which texts from a picture are cut, in bytes.
const maxText = 128

// clean makes a text from a picture safe to show: valid UTF-8 without control characters,
// trimmed, of at most maxText bytes.
func clean(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), 4*maxText)], "")
	s = strings.TrimSpace(strings.Map(printable, s))
	for len(s) > maxText {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return strings.TrimSpace(s)
}

// printable drops control characters (C0, C1 and DEL), and those that change the direction
// of writing.
func printable(r rune) rune {
	switch {
	case r < 0x20, r >= 0x7f && r < 0xa0, r >= 0x200e && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return -1
	}
	return r
}
