package info

import (
	"bytes"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/thumbery/thumbery/resize/header"
)

// Camera is what took a picture.
type Camera struct {
	Make  string `json:"make,omitempty"`
	Model string `json:"model,omitempty"`
}

// Location is where a picture was taken, in degrees of WGS 84, to the north and
// east.
type Location struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

// tell adds what the picture's metadata say. There are no errors: memory can be
// read, and what is damaged is as good as missing.
func (d *Document) tell(src []byte, h header.Header, location bool) {
	r, size := bytes.NewReader(src), int64(len(src))
	if profile, err := ReadProfile(r, size, h); err == nil {
		d.Profile = ProfileName(profile)
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

// degrees rounds to a tenth of a metre on the ground, more than receivers know.
func degrees(d float64) float64 { return math.Round(d*1e6) / 1e6 }

// maxText is how many bytes of a text in a picture are told.
const maxText = 128

// clean makes a text from inside a picture fit for telling: valid UTF-8 without
// control characters, trimmed, of at most maxText bytes.
func clean(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), 4*maxText)], "")
	s = strings.TrimSpace(strings.Map(printable, s))
	for len(s) > maxText {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return strings.TrimSpace(s)
}

// printable drops the C0 and C1 controls and DEL, and what turns the direction of
// writing about.
func printable(r rune) rune {
	switch {
	case r < 0x20, r >= 0x7f && r < 0xa0, r >= 0x200e && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return -1
	}
	return r
}
