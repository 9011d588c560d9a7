package container

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/internal/source"
)

// isCritical reports whether a decoder must know a chunk or fail: its kind begins with a
// capital.
func isCritical(kind string) bool { return kind[0]&0x20 == 0 }

// CheckPNG compares the checksums of the critical chunks. libvips, as bimg calls it,
// ignores damaged pixels, and half of a picture would be kept for months. The error is
// of kind header.ErrBroken. It takes less than a millisecond for 5 MiB.
func CheckPNG(src []byte) error {
	for c, err := range source.Of(src).PNGChunks() {
		if err != nil {
			return err
		}
		if isCritical(c.Kind) {
			kindAndContent, sum := src[c.Body-4:c.End-4], src[c.End-4:c.End]
			if crc32.ChecksumIEEE(kindAndContent) != binary.BigEndian.Uint32(sum) {
				return fmt.Errorf("%w: the checksum of chunk %q is wrong", header.ErrBroken, c.Kind)
			}
		}
		if c.Kind == "IEND" {
			break
		}
	}
	return nil
}

// pngWithoutMetadata is src without chunks that decoding does not need, without what
// follows IEND, and with at most one profile: libvips knows no other way to say which
// colours samples are, and its decoders pass over a profile beside other ways. A chunk that
// goes beyond the end of src, which is CheckPNG's to refuse, stays as it is.
func pngWithoutMetadata(src []byte) ([]byte, error) {
	made, own, err := pngColoursOf(src).profile()
	if err != nil {
		return nil, err
	}
	s := source.Of(src)
	kept := [][]byte{src[:min(pngSignature, len(src))]}
	profiled := own || made != nil
	for c, err := range s.PNGChunks() {
		if c.Kind == "" { // the file ends before its next chunk
			break
		}
		chunk := src[c.Off:min(c.End, s.Size)]
		switch {
		case c.Kind == "iCCP" && own:
			own = false
			if err := checkProfile(chunk[8:]); err != nil {
				return nil, err
			}
			kept = append(kept, chunk)
		case c.Kind == "iCCP", saysColours(c.Kind) && profiled: // overruled
		case c.Kind == "IHDR" && made != nil:
			kept = append(kept, chunk, profileChunk(made))
			made = nil
		case isNeeded(c.Kind):
			kept = append(kept, chunk)
		}
		if err != nil || c.Kind == "IEND" {
			break
		}
	}
	return joined(src, kept), nil
}

const pngSignature = 8 // bytes

// isNeeded reports whether a chunk says how pixels are coded or what they look like.
func isNeeded(kind string) bool {
	switch kind {
	case "tRNS", "sBIT", "bKGD", "pHYs":
		return true
	}
	return isCritical(kind) || saysColours(kind)
}

// maxProfile is how many bytes the colour profile of a PNG may have when it is
// unpacked. Those with tables for many intents have about one million.
const maxProfile = 4 << 20

// checkProfile refuses an iCCP chunk, from its content on, whose profile is too
// large. What is damaged is left to libpng, which then does without.
func checkProfile(content []byte) error {
	_, packed, _ := bytes.Cut(content, []byte{0}) // its name
	if len(packed) < 1 {
		return nil
	}
	z, err := zlib.NewReader(bytes.NewReader(packed[1:]))
	if err != nil {
		return nil
	}
	if n, _ := io.Copy(io.Discard, io.LimitReader(z, maxProfile+1)); n > maxProfile {
		return fmt.Errorf("%w: its colour profile has more than %d bytes", header.ErrTooLarge, maxProfile)
	}
	return nil
}
