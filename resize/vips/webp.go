package vips

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// The flags of VP8X, and where the first chunk stands.
const (
	webpICC  = 0x20
	webpEXIF = 0x08
	webpXMP  = 0x04

	webpFirst = 12
)

// stripWebP removes EXIF, XMP and profile from a WebP that libvips made: libvips
// 8.14 writes EXIF, though there is none, and though it is told to strip it.
// Without alpha and animation the extended header goes, too.
func stripWebP(b []byte) ([]byte, error) {
	if len(b) < webpFirst {
		return nil, errors.New("libvips gave a WebP without a header")
	}
	out := append(make([]byte, 0, len(b)), b[:webpFirst]...)
	header := -1
	extended := false
	for off := webpFirst; off+8 <= len(b); {
		n := int(binary.LittleEndian.Uint32(b[off+4:]))
		end := off + 8 + n + n&1
		if n > len(b)-off-8 || end > len(b) {
			return nil, errors.New("libvips gave a WebP with a chunk beyond its end")
		}
		switch string(b[off : off+4]) {
		case "EXIF", "XMP ", "ICCP":
		case "VP8X":
			header = len(out)
			out = append(out, b[off:end]...)
		case "ALPH", "ANIM":
			extended = true
			fallthrough
		default:
			out = append(out, b[off:end]...)
		}
		off = end
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
		return append(out[:header], out[header+8+10:]...)
	}
	out[header+8] &^= webpICC | webpEXIF | webpXMP
	return out
}

// patchedWebP is a WebP that was cut short as libwebp takes it: frames that are not
// whole are gone, and what a single picture lacks is zeros, which it takes for
// something. b is not changed.
func patchedWebP(b []byte) []byte {
	off := webpFirst
	for off+8 <= len(b) {
		n := uint64(binary.LittleEndian.Uint32(b[off+4:]))
		end := uint64(off) + 8 + n + n&1
		if end > uint64(len(b)) {
			break
		}
		off = int(end)
	}
	if off+8 > len(b) {
		return sizedWebP(b[:min(off, len(b))])
	}
	kind, n := string(b[off:off+4]), uint64(binary.LittleEndian.Uint32(b[off+4:]))
	if kind != "VP8 " && kind != "VP8L" || n > min(maxPatch*uint64(len(b)), maxPatched) {
		return sizedWebP(b[:off])
	}
	return sizedWebP(append(bytes.Clone(b), make([]byte, uint64(off)+8+n+n&1-uint64(len(b)))...))
}

// A chunk may be maxPatch times larger than what is there, and maxPatched bytes.
const (
	maxPatch   = 16
	maxPatched = 64 << 20
)

// sizedWebP is a copy of b that says how long it is.
func sizedWebP(b []byte) []byte {
	b = bytes.Clone(b)
	if len(b) >= webpFirst {
		binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	}
	return b
}
