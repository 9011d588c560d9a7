package vips

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// withoutMetadata is src without what libvips would only unpack and keep: texts and other
// metadata that are compressed, a kilobyte of which can become a megabyte. What
// tells the orientation was read by header.Inspect. src is not changed, and is
// copied only if something has to be left out.
func withoutMetadata(src []byte, f variant.Format) ([]byte, error) {
	switch f {
	case variant.PNG:
		return pngWithoutMetadata(src)
	case variant.JXL:
		return jxlWithoutMetadata(src), nil
	}
	return src, nil
}

// pngWithoutMetadata is src without chunks that decoding does not need, without what follows
// IEND, and without a second profile. The error is of kind header.ErrTooLarge for
// a profile of more than maxProfile bytes. A chunk that goes beyond the end of
// src, which is checkPNG's to refuse, stays as it is.
func pngWithoutMetadata(src []byte) ([]byte, error) {
	const signature = 8
	out := kept{src: src, start: min(signature, len(src))}
	profile := false
	for off := out.start; len(src)-off >= 12; {
		n := uint64(binary.BigEndian.Uint32(src[off:]))
		end := off + int(min(n+12, uint64(len(src)-off)))
		kind := string(src[off+4 : off+8])
		switch {
		case kind == "iCCP" && !profile:
			profile = true
			if err := checkProfile(src[off+8 : end]); err != nil {
				return nil, err
			}
			out.keep(off, end)
		case kind != "iCCP" && neededByPNG(kind):
			out.keep(off, end)
		}
		if kind == "IEND" {
			return out.bytes(end), nil
		}
		off = end
	}
	return out.bytes(len(src)), nil
}

// neededByPNG reports whether a chunk says how pixels are coded or what they look
// like. The kinds of critical chunks, which a decoder must know or fail, begin with
// a capital.
func neededByPNG(kind string) bool {
	switch kind {
	case "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "cICP", "sBIT", "bKGD", "pHYs":
		return true
	}
	return kind[0]&0x20 == 0
}

// maxProfile is how many bytes the colour profile of a PNG may have when it is
// unpacked. Those with tables for many intents have about one million.
const maxProfile = 4 << 20

// checkProfile refuses an iCCP chunk, from its content on, whose profile is too
// large. What is damaged is left to libpng, which then does without.
func checkProfile(chunk []byte) error {
	_, packed, _ := bytes.Cut(chunk, []byte{0}) // its name
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

// jxlWithoutMetadata is src without the boxes of a container that decoding does not need, of
// which brob is compressed. A bare codestream, and what is no box, stays as it is.
func jxlWithoutMetadata(src []byte) []byte {
	out := kept{src: src}
	if len(src) < 12 || string(src[4:8]) != "JXL " {
		return src
	}
	for off := 0; off < len(src); {
		end := boxEnd(src, off)
		switch {
		case len(src)-off < 8:
			out.keep(off, end)
		default:
			switch string(src[off+4 : off+8]) {
			case "JXL ", "ftyp", "jxll", "jxli", "jxlc", "jxlp":
				out.keep(off, end)
			}
		}
		off = end
	}
	return out.bytes(len(src))
}

// boxEnd is where the box at off ends, at the latest with src. A length of 0 is
// all of the rest, and of 1 is followed by one of eight bytes.
func boxEnd(src []byte, off int) int {
	rest := uint64(len(src) - off)
	if rest < 16 {
		return len(src)
	}
	n, head := uint64(binary.BigEndian.Uint32(src[off:])), uint64(8)
	if n == 1 {
		n, head = binary.BigEndian.Uint64(src[off+8:]), 16
	}
	if n < head || n > rest {
		n = rest
	}
	return off + int(n)
}

// kept puts together the parts of src that are kept, in order. Nothing is copied
// while they follow one another from start on.
type kept struct {
	src   []byte
	start int    // bytes that are kept whatever follows
	out   []byte // nil as long as src[:start] is all that is kept
}

func (k *kept) keep(off, end int) {
	switch {
	case k.out != nil:
		k.out = append(k.out, k.src[off:end]...)
	case off == k.start:
		k.start = end
	default: // something was left out before
		k.out = append(make([]byte, 0, k.start+len(k.src)-off), k.src[:k.start]...)
		k.out = append(k.out, k.src[off:end]...)
	}
}

// bytes is what was kept of a src that was looked at up to end.
func (k *kept) bytes(end int) []byte {
	if k.out != nil {
		return k.out
	}
	return k.src[:min(k.start, end)]
}
