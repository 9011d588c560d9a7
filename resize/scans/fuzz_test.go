package scans

import (
	"bytes"
	"image/jpeg"
	"strings"
	"testing"
)

// FuzzNeeded: whatever comes in, what comes out is not longer than its tables explain, and
// is decoded if that which came in is.
func FuzzNeeded(f *testing.F) {
	for _, name := range []string{"420", "grey", "restarts", "mozjpeg", "successive", "split", "cmyk"} {
		f.Add(file(f, name), byte(0), 2.0)
		f.Add(file(f, name), byte(1), 1.0)
	}
	f.Fuzz(func(t *testing.T, src []byte, shrink byte, left float64) {
		kept := bytes.Clone(src)
		out := Needed(src, Use{2 << (shrink % 3), left})
		switch {
		case !bytes.Equal(src, kept):
			t.Fatal("it was changed")
		case len(out) > len(src)+4+maxComponents*stepsSize:
			t.Errorf("%d bytes become %d", len(src), len(out))
		case len(out) == len(src) && (len(src) == 0 || &out[0] == &src[0]):
			return
		}
		c, err := jpeg.DecodeConfig(bytes.NewReader(src))
		if err != nil || c.Width*c.Height > 1<<18 {
			return
		}
		if _, err := jpeg.Decode(bytes.NewReader(src)); err != nil {
			return
		}
		if _, err := jpeg.Decode(bytes.NewReader(out)); err != nil && !carried(err) {
			t.Errorf("it is not decoded: %v", err)
		}
	})
}

// carried reports whether an error can come from damage in the data of a scan that was
// hidden before: Go's decoder carries a run of empty blocks from one scan into the next.
// Package vips has a fuzzing test with libjpeg, which does not.
func carried(err error) bool {
	for _, s := range []string{"Huffman code", "0xff00 sequence", "unexpected EOF", "excessive DC"} {
		if strings.Contains(err.Error(), s) {
			return true
		}
	}
	return false
}
