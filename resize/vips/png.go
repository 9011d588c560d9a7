package vips

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/thumbery/thumbery/resize/header"
)

// checkPNG compares the checksums of a PNG's critical chunks, which are those
// whose kind begins with a capital. libvips, as bimg calls it, passes over
// damaged pixels, and half of a picture would be kept for months. src begins
// with the signature of 8 bytes. It takes less than a millisecond for 5 MiB.
func checkPNG(src []byte) error {
	for rest := src[8:]; len(rest) >= 12; {
		n := uint64(binary.BigEndian.Uint32(rest))
		if n > uint64(len(rest)-12) {
			return fmt.Errorf("%w: cut short in a chunk", header.ErrBroken)
		}
		kind, sum := rest[4:8], binary.BigEndian.Uint32(rest[8+n:])
		if kind[0]&0x20 == 0 && crc32.ChecksumIEEE(rest[4:8+n]) != sum {
			return fmt.Errorf("%w: the checksum of chunk %q is wrong", header.ErrBroken, kind)
		}
		if string(kind) == "IEND" {
			return nil
		}
		rest = rest[12+n:]
	}
	return fmt.Errorf("%w: it has no end", header.ErrBroken)
}
