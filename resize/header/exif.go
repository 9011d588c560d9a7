package header

import "github.com/thumbery/thumbery/resize/internal/source"

// readEXIF notes EXIF data of n bytes at off, with or without their "Exif" prefix, and reads
// the orientation. Damaged EXIF means 1: it is no reason to refuse a picture.
func (h *Header) readEXIF(s *source.Source, off, n int64) {
	const prefix, tagOrientation = "Exif\x00\x00", 0x112
	if b, err := s.At(off, len(prefix)); err == nil && n >= int64(len(prefix)) && string(b) == prefix {
		off, n = off+int64(len(prefix)), n-int64(len(prefix))
	}
	h.EXIF, h.Orientation = Extent{off, n}, 1
	t, first, err := s.TIFF(off, n)
	if err != nil {
		return
	}
	numbers, _, _ := t.Directory(first, tagOrientation) // the rest of which may be damaged
	if o := numbers[tagOrientation]; len(o) == 1 && o[0] >= 1 && o[0] <= 8 {
		h.Orientation = o[0]
	}
}
