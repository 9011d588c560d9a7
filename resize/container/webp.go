package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/thumbery/thumbery/resize/internal/source"
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
	for c, err := range source.Of(b).WebPChunks() {
		if err != nil {
			return nil, fmt.Errorf("libvips gave a WebP that is not whole: %v", err)
		}
		switch c.Kind {
		case "EXIF", "XMP ", "ICCP":
			continue
		case "VP8X":
			if header >= 0 || c.Len != vp8xLen {
				return nil, errors.New("libvips gave a WebP with two extended headers, or one of another length")
			}
			header = len(out)
		case "ALPH", "ANIM":
			extended = true
		}
		out = append(out, b[c.Off:c.End]...)
	}
	if header >= 0 {
		out = fixHeader(out, header, extended)
	}
	return sized(out), nil
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

// A chunk is completed up to maxPatch times the length of the file, and to maxPatched bytes.
const (
	maxPatch   = 16
	maxPatched = 64 << 20
)

// PatchWebP completes a WebP that is cut short, so that libwebp decodes what there is: frames
// that are not whole are dropped, and zeros are added to a single picture. b is not changed.
func PatchWebP(b []byte) []byte {
	whole := min(webpFirst, int64(len(b)))
	for c, err := range source.Of(b).WebPChunks() {
		isPicture := c.Kind == "VP8 " || c.Kind == "VP8L"
		switch {
		case err == nil:
			whole = c.End
		case isPicture && c.Len <= min(maxPatch*int64(len(b)), maxPatched):
			padded := c.Off + 8 + c.Len + c.Len&1
			return sized(append(bytes.Clone(b), make([]byte, padded-int64(len(b)))...))
		}
	}
	return sized(append(bytes.Clone(b[:whole]), make([]byte, whole&1)...)) // padding that is missing
}

// sized is b, which now says how long it is.
func sized(b []byte) []byte {
	if len(b) >= webpFirst {
		binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	}
	return b
}
