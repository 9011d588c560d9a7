package info

import (
	"encoding/base64"
	"image"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// Every picture gives a document, whatever its pixels are.
func FuzzPixels(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0}, 1)
	f.Add([]byte(strings.Repeat("\xff\x00\x00\xff\x00\x00\xff\x01", 50)), 10)
	f.Add(pattern(20, 10, true).Pix, 20)
	f.Fuzz(func(t *testing.T, pix []byte, w int) {
		n := len(pix) / 4
		if w < 1 || w > smallSide || n < w || n/w > smallSide {
			return
		}
		m := &image.NRGBA{Pix: pix, Stride: 4 * w, Rect: image.Rect(0, 0, w, n/w)}
		doc := Document{Average: average(m), Colors: dominant(m), ThumbHash: thumbHash(m)}
		var err error
		if doc.BlurHash, err = blurHash(m); err != nil || len(doc.BlurHash) != 28 {
			t.Errorf("BlurHash %q, %v", doc.BlurHash, err)
		}
		if b, err := base64.StdEncoding.DecodeString(doc.ThumbHash); err != nil || len(b) < 5 || len(b) > 25 {
			t.Errorf("ThumbHash %q of %d bytes, %v", doc.ThumbHash, len(b), err)
		}
		b, err := encode(&doc)
		if err != nil || !IsDocument(strings.NewReader(string(b)), int64(len(b))) {
			t.Errorf("%s, %v", b, err)
		}
		if (doc.Average == "") != (len(visiblePoints(m)) == 0) {
			t.Errorf("average %q, colours %v", doc.Average, doc.Colors)
		}
		for _, c := range doc.Colors {
			if len(c.Color) != 7 || c.Share < minShare || c.Share > 1 {
				t.Errorf("%v", c)
			}
		}
	})
}

func FuzzClean(f *testing.F) {
	f.Add("Canon\x00EOS")
	f.Add(strings.Repeat("é\xff", 200))
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		if !utf8.ValidString(got) || len(got) > maxText || strings.ContainsFunc(got, unicode.IsControl) || clean(got) != got {
			t.Errorf("clean(%q) = %q", s, got)
		}
	})
}
