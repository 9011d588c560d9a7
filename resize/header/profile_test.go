package header_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/icc"
	"github.com/thumbery/thumbery/resize/resizetest"
)

// TestProfile packs one profile in each way in which a container can hold it.
func TestProfile(t *testing.T) {
	t.Parallel()
	want := bytes.Repeat([]byte("profile "), 50)
	app2 := func(number byte, part []byte) []byte {
		return segment(0xe2, append(append([]byte("ICC_PROFILE\x00"), number, 3), part...)...)
	}
	photo := func(segments ...[]byte) []byte { return jpegOf(0xc0, 40, 30, 3, 1, segments...) }
	plain := resizetest.PNG(resizetest.Quarters(40, 30))
	text, packed := []byte("p\x00\x00"), deflated(want)
	colr := boxOf("colr", []byte("prof"), want)
	for name, src := range map[string][]byte{
		"jpeg, one part":    photo(app2(1, want)),
		"jpeg, three parts": photo(segment(0xe0, []byte("hi")...), []byte{0xff}, app2(3, want[200:]), app2(1, want[:100]), segment(0xe2, []byte("MPF")...), app2(2, want[100:200]), app2(1, want[5:9])),
		"png":               slices.Concat(plain[:33], pngChunk("gAMA", 0, 0, 1, 1), pngChunk("iCCP", append(text, packed...)...), plain[33:]),
		"webp":              webpOf(vp8x(0x20, 40, 30), chunk("ICCP", want...), vp8(40, 30)),
		"heic":              heifOf("heic", "hvcC", 40, 30, false, boxOf("colr", []byte("nclx1234567")), colr),
		"avif":              heifOf("avif", "av1C", 40, 30, true, colr),
	} {
		h, err := inspect(src)
		if err != nil || !h.ICC {
			t.Errorf("%s: %+v, %v", name, h, err)
			continue
		}
		if got, err := icc.Read(bytes.NewReader(src), h); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes at %+v, %v, want %d", name, len(got), h.Profile, err, len(want))
		}
	}
	// Behind the pixels nobody looks for one.
	late := slices.Concat(plain[:len(plain)-12], pngChunk("iCCP", append(text, packed...)...), plain[len(plain)-12:])
	if h, err := inspect(late); err != nil || h.Profile != (header.Extent{}) {
		t.Errorf("behind the pixels: %+v, %v", h, err)
	}
}
