package main

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"

	"github.com/thumbery/thumbery/resize/header"
)

func sample(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewYCbCr(image.Rect(0, 0, 40, 24), image.YCbCrSubsampleRatio420), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestOriented(t *testing.T) {
	plain := sample(t)
	once := oriented(plain)
	h, err := header.Inspect(t.Context(), bytes.NewReader(once), int64(len(once)), header.AllFormats)
	if err != nil {
		t.Fatal(err)
	}
	if h.Orientation != 6 {
		t.Errorf("orientation %d, want 6", h.Orientation)
	}
	if !bytes.HasSuffix(once, plain[2:]) {
		t.Error("more than a segment has changed")
	}
	if twice := oriented(once); !bytes.Equal(once, twice) {
		t.Error("an EXIF segment that is there is not replaced")
	}
}

func TestJPEGSuffix(t *testing.T) {
	standard := sample(t) // Go's encoder has the tables of the standard
	if got, want := jpegSuffix(standard), ".jpg[Q=80,strip]"; got != want {
		t.Errorf("standard tables: %s, want %s", got, want)
	}
	optimized := bytes.Replace(standard, []byte{0, 0, 1, 5, 1}, []byte{0, 1, 0, 5, 1}, 1)
	if got, want := jpegSuffix(optimized), ".jpg[Q=80,strip,optimize-coding]"; got != want {
		t.Errorf("other tables: %s, want %s", got, want)
	}
	progressive := bytes.Replace(standard, []byte{0xFF, 0xC0, 0, 17}, []byte{0xFF, 0xC2, 0, 17}, 1)
	if got, want := jpegSuffix(progressive), ".jpg[Q=80,strip,interlace]"; got != want {
		t.Errorf("progressive: %s, want %s", got, want)
	}
}

func TestMedian(t *testing.T) {
	if got := median([]float64{3, 1, 2}); got != 2 {
		t.Errorf("of three: %v", got)
	}
	if got := median([]float64{4, 1, 2, 3}); got != 2.5 {
		t.Errorf("of four: %v", got)
	}
}
