package info

import (
	"bytes"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/icc"
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

// addMetadata adds what the metadata say. Damaged metadata count as missing.
func (d *Document) addMetadata(src []byte, h header.Header, location bool) {
	r, size := bytes.NewReader(src), int64(len(src))
	if profile, err := icc.Read(r, h); err == nil {
		d.Profile = clean(icc.Name(profile))
	}
	e, err := ReadExif(r, size, h)
	if err != nil {
		return
	}
	d.Taken = e.Taken
	if e.Make != "" || e.Model != "" {
		d.Camera = &Camera{e.Make, e.Model}
	}
	if location && e.HasGPS {
		d.Location = &Location{degrees(e.Latitude), degrees(e.Longitude)}
	}
}

// degrees rounds to a tenth of a metre on the ground, which is finer than receivers measure.
func degrees(d float64) float64 { return math.Round(d*1e6) / 1e6 }

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
