package container

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"iter"

	"github.com/thumbery/thumbery/resize/header"
)

const pngSignature = 8 // bytes

// pngChunks are the chunks of a PNG up to IEND. The last may be cut short.
func pngChunks(src []byte) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		for off := min(pngSignature, len(src)); len(src)-off >= 12; {
			n, rest := 12+uint64(binary.BigEndian.Uint32(src[off:])), uint64(len(src)-off)
			c := chunk{string(src[off+4 : off+8]), off, off + int(min(n, rest)), n <= rest}
			if !yield(c) || c.kind == "IEND" {
				return
			}
			off = c.end
		}
	}
}

// isCritical reports whether a decoder must know a chunk or fail: its kind begins with a
// capital.
func (c chunk) isCritical() bool { return c.kind[0]&0x20 == 0 }

// CheckPNG compares the checksums of the critical chunks. libvips, as bimg calls it,
// ignores damaged pixels, and half of a picture would be kept for months. The error is
// of kind header.ErrBroken. It takes less than a millisecond for 5 MiB.
func CheckPNG(src []byte) error {
	for c := range pngChunks(src) {
		switch body := src[c.off:c.end]; {
		case !c.whole:
			return fmt.Errorf("%w: cut short in a chunk", header.ErrBroken)
		case c.isCritical() && crc32.ChecksumIEEE(body[4:len(body)-4]) != binary.BigEndian.Uint32(body[len(body)-4:]):
			return fmt.Errorf("%w: the checksum of chunk %q is wrong", header.ErrBroken, c.kind)
		case c.kind == "IEND":
			return nil
		}
	}
	return fmt.Errorf("%w: it has no end", header.ErrBroken)
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
	out := kept{src: src, start: min(pngSignature, len(src))}
	profiled := own || made != nil
	for c := range pngChunks(src) {
		switch {
		case c.kind == "iCCP" && own:
			own = false
			if err := checkProfile(src[c.off+8 : c.end]); err != nil {
				return nil, err
			}
			out.keep(c.off, c.end)
		case c.kind == "iCCP", c.saysColours() && profiled: // overruled
		case c.kind == "IHDR" && made != nil:
			out.keep(c.off, c.end)
			out.add(profileChunk(made))
			made = nil
		case c.isNeeded():
			out.keep(c.off, c.end)
		}
		if c.kind == "IEND" {
			return out.bytes(c.end), nil
		}
	}
	return out.bytes(len(src)), nil
}

// isNeeded reports whether a chunk says how pixels are coded or what they look like.
func (c chunk) isNeeded() bool {
	switch c.kind {
	case "tRNS", "sBIT", "bKGD", "pHYs":
		return true
	}
	return c.isCritical() || c.saysColours()
}

// saysColours reports whether a chunk says which colours samples are.
func (c chunk) saysColours() bool { return new(pngColours).of(c.kind) != nil }

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
