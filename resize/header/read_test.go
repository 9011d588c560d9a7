package header_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
)

// farEXIF is turned, as a directory says that is read by itself: it stands far behind
// the beginning of the EXIF data.
func farEXIF() []byte {
	const gap = 20_000
	exif := slices.Concat([]byte("Exif\x00\x00MM\x00*"), be32(8+gap), make([]byte, gap), []byte{0, 1}, entry(0x112, 6), be32(0))
	photo := resizetest.JPEG(resizetest.Quarters(40, 30))
	return slices.Concat(photo[:2], segment(0xe1, exif...), bytes.Repeat(segment(0xfe, make([]byte, 60_000)...), 2), photo[2:])
}

// A read that fails once fails the inspection, whatever it was for: a header without
// what stood there, such as the orientation, would be remembered.
func TestInspectPassesEachReadErrorOn(t *testing.T) {
	t.Parallel()
	errDisk := errors.New("input/output error")
	all := samples(t)
	all["jpeg, EXIF far away"] = farEXIF()
	for name, src := range all {
		for fails := 0; ; fails++ {
			reads := 0
			r := readerFunc(func(p []byte, off int64) (int, error) {
				if reads++; reads == fails+1 {
					return 0, errDisk
				}
				return bytes.NewReader(src).ReadAt(p, off)
			})
			h, err := header.Inspect(t.Context(), r, int64(len(src)), header.AllFormats)
			if reads <= fails {
				break
			}
			if !errors.Is(err, errDisk) || errors.Is(err, header.ErrBroken) || h != (header.Header{}) {
				t.Errorf("%s: after a failure of read %d: %+v, %v", name, fails+1, h, err)
			}
		}
	}
}
