package source

import (
	"bytes"
	"iter"
	"slices"
	"testing"
)

// walk is all that can be found out about the parts of a file, whatever it is.
func walk(s *Source) (found []any, ends []int64) {
	note := func(part any, end int64, err error) {
		found = append(found, part, err != nil)
		if err == nil {
			ends = append(ends, end)
		}
	}
	for _, parts := range []iter.Seq2[Part, error]{s.PNGChunks(), s.WebPChunks(), s.Boxes(0, s.Size)} {
		for p, err := range parts {
			note(p, p.End, err)
		}
	}
	for g, err := range s.Segments(0) {
		note(g, g.End, err)
	}
	for f, err := range s.Frames() {
		note(f, f.End, err)
	}
	if t, next, err := s.TIFF(0, s.Size); err == nil {
		for range 3 {
			var numbers map[uint16][]int
			numbers, next, err = t.Directory(next, 0x100, 0x112)
			note([2]int{len(numbers[0x100]), len(numbers[0x112])}, 0, err)
		}
	}
	return found, ends
}

// FuzzParts: a walk ends, stays within the file, and finds the same in memory and in pieces.
func FuzzParts(f *testing.F) {
	f.Add([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x00IEND\x00\x00\x00\x00"))
	f.Add([]byte("RIFF\x0c\x00\x00\x00WEBPVP8X\x01\x00\x00\x00a"))
	f.Add([]byte("\x00\x00\x00\x08ftyp\x00\x00\x00\x01meta\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00free"))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x04ab\xff\xda\x00\x03cdef\xff\x00\xff\xd0gh\xff\xff\xd9"))
	f.Add([]byte("GIF89a\x09\x00\x09\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff" +
		"\x21\xf9\x04\x08\x00\x00\x00\x00\x2c\x01\x00\x01\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00;"))
	f.Add([]byte("MM\x00*\x00\x00\x00\x08\x00\x02\x01\x00\x00\x03\x00\x00\x00\x01\x00\x09\x00\x00\x01\x12\x00\x04\x00\x00\x00\x02\x00\x00\x00\x08"))
	f.Fuzz(func(t *testing.T, b []byte) {
		found, ends := walk(Of(b))
		for _, end := range ends {
			if end < 0 || end > int64(len(b)) {
				t.Fatalf("a part ends at %d of %d", end, len(b))
			}
		}
		again, _ := walk(New(t.Context(), bytes.NewReader(b), int64(len(b))))
		if !slices.Equal(found, again) {
			t.Errorf("in memory %v, in pieces %v", found, again)
		}
	})
}
