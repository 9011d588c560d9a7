package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"iter"
)

// The flags of VP8X, and where the first chunk stands.
const (
	webpICC  = 0x20
	webpEXIF = 0x08
	webpXMP  = 0x04

	webpFirst = 12

	// What VP8X holds: flags, and the size of the canvas.
	vp8xLen = 10
)

// webpChunks are the chunks of a WebP. The last may be cut short.
func webpChunks(b []byte) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		for off := webpFirst; off+8 <= len(b); {
			n := int64(binary.LittleEndian.Uint32(b[off+4:]))
			c := chunk{kind: string(b[off : off+4]), off: off, end: int(int64(off) + 8 + n + n&1)}
			c.whole = c.end <= len(b)
			if !yield(c) || !c.whole {
				return
			}
			off = c.end
		}
	}
}

// StripWebP removes EXIF, XMP and profile from a WebP that libvips made: libvips
// 8.14 writes EXIF, though there is none, and though it is told to strip it.
// Without alpha and animation the extended header goes, too.
func StripWebP(b []byte) ([]byte, error) {
	if len(b) < webpFirst {
		return nil, errors.New("libvips gave a WebP without a header")
	}
	out := append(make([]byte, 0, len(b)), b[:webpFirst]...)
	header := -1
	extended := false
	for c := range webpChunks(b) {
		if !c.whole {
			return nil, errors.New("libvips gave a WebP with a chunk beyond its end")
		}
		switch c.kind {
		case "EXIF", "XMP ", "ICCP":
			continue
		case "VP8X":
			if header >= 0 || c.end-c.off != 8+vp8xLen {
				return nil, errors.New("libvips gave a WebP with two extended headers, or one of another length")
			}
			header = len(out)
		case "ALPH", "ANIM":
			extended = true
		}
		out = append(out, b[c.off:c.end]...)
	}
	if header >= 0 {
		out = fixHeader(out, header, extended)
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out, nil
}

// fixHeader brings VP8X in line with what is left, or takes it out where
// nothing needs it: a VP8L says by itself whether it has alpha.
func fixHeader(out []byte, header int, extended bool) []byte {
	if !extended {
		return append(out[:header], out[header+8+vp8xLen:]...)
	}
	out[header+8] &^= webpICC | webpEXIF | webpXMP
	return out
}

// A chunk may be maxPatch times larger than what is there, and maxPatched bytes.
const (
	maxPatch   = 16
	maxPatched = 64 << 20
)

// PatchWebP makes of a WebP that is cut short one that libwebp takes: frames that are not
// whole are dropped, and what a single picture lacks becomes zeros, which libwebp decodes
// to something. b is not changed.
func PatchWebP(b []byte) []byte {
	whole := min(webpFirst, len(b))
	for c := range webpChunks(b) {
		isPicture := c.kind == "VP8 " || c.kind == "VP8L"
		switch {
		case c.whole:
			whole = c.end
		case isPicture && c.end-c.off-8 <= min(maxPatch*len(b), maxPatched):
			return sizedWebP(append(bytes.Clone(b), make([]byte, c.end-len(b))...))
		}
	}
	return sizedWebP(b[:whole])
}

// sizedWebP is a copy of b that says how long it is.
func sizedWebP(b []byte) []byte {
	b = bytes.Clone(b)
	if len(b) >= webpFirst {
		binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	}
	return b
}
