package container

import (
	"encoding/binary"
	"fmt"
	"iter"

	"github.com/thumbery/thumbery/resize/header"
)

// checkJP2 refuses a JPEG 2000 whose samples are places in a palette: libvips 8.14 takes
// it for grey, and writes three samples where it has room for one.
func checkJP2(src []byte) error {
	for kind, content := range boxes(src) {
		if kind != "jp2h" {
			continue
		}
		for kind := range boxes(content) {
			if kind == "pclr" {
				return fmt.Errorf("%w: a JPEG 2000 with a palette", header.ErrNotPicture)
			}
		}
	}
	return nil
}

// boxes are those of a JPEG 2000, AVIF or HEIC, by their kinds and contents.
func boxes(src []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for off := 0; len(src)-off >= 8; {
			end, head := boxEnd(src, off), off+8
			if binary.BigEndian.Uint32(src[off:]) == 1 {
				head += 8
			}
			if !yield(string(src[off+4:off+8]), src[min(head, end):end]) {
				return
			}
			off = end
		}
	}
}
