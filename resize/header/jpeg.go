package header

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/thumbery/thumbery/resize/header/internal/source"
	"github.com/thumbery/thumbery/variant"
)

// JPEG markers, ITU-T T.81 table B.1.
const (
	markTEM  = 0x01
	markSOF0 = 0xc0
	markDHT  = 0xc4
	markJPG  = 0xc8
	markDAC  = 0xcc
	markSOF  = 0xcf // the last of the frame markers
	markSOI  = 0xd8
	markEOI  = 0xd9
	markSOS  = 0xda
	markAPP1 = 0xe1
	markAPP2 = 0xe2
)

// jpegReader is the state between two markers.
type jpegReader struct {
	s          *file
	h          Header
	components int
	exif       bool
	whole      bool // the first scan holds all components
}

func inspectJPEG(s *file) (Header, error) {
	j := &jpegReader{s: s, h: Header{Format: variant.JPEG, Orientation: 1, Pages: 1}}
	off := int64(2)
	for range maxSegments {
		code, at, err := s.nextMarker(off)
		switch {
		case err != nil:
			return j.soFar(), err
		case code == markEOI:
			return j.end()
		case code == markTEM:
			off = at
			continue
		case code == markSOI:
			return Header{}, source.Broken("a second picture begins before the first has ended")
		}
		if off, err = j.segment(code, at); err != nil {
			return j.soFar(), err
		}
		if code == markSOS && j.simple() && endsWithEOI(s) {
			return j.h, nil
		}
	}
	return Header{}, source.Broken("more than %d segments", maxSegments)
}

func (j *jpegReader) end() (Header, error) {
	if j.h.Scans == 0 {
		return Header{}, source.Broken("it ends before its first scan")
	}
	return j.h, nil
}

// soFar is the header of a picture that is cut short, if pixels have begun.
func (j *jpegReader) soFar() Header {
	if j.h.Scans == 0 {
		return Header{}
	}
	return j.h
}

// simple reports whether the rest of the file is but one scan, so that it need
// not be searched for more of them.
func (j *jpegReader) simple() bool { return j.whole && !j.h.Progressive }

// endsWithEOI reports whether nothing but padding follows an end marker at the
// very end of the file.
func endsWithEOI(s *file) bool {
	n := int(min(s.Size, maxPadding+2))
	tail, err := s.At(s.Size-int64(n), n)
	if err != nil {
		return false
	}
	for len(tail) > 2 && (tail[len(tail)-1] == 0 || tail[len(tail)-1] == 0xff) {
		tail = tail[:len(tail)-1]
	}
	return tail[len(tail)-2] == 0xff && tail[len(tail)-1] == markEOI
}

// segment reads the segment whose content begins at off, and returns where it
// ends.
func (j *jpegReader) segment(code byte, off int64) (end int64, err error) {
	b, err := j.s.At(off, 2)
	if err != nil {
		return 0, err
	}
	n := int64(binary.BigEndian.Uint16(b))
	end = off + n
	if n < 2 {
		return 0, source.Broken("a segment is shorter than its head")
	}
	if end > j.s.Size {
		return 0, source.CutShort("a segment")
	}
	switch {
	case code == markSOS:
		err = j.scan(off+2, n-2)
	case code >= markSOF0 && code <= markSOF && code != markDHT && code != markJPG && code != markDAC:
		err = j.frame(code, off+2, n-2)
	case code == markAPP1 && !j.exif && j.starts(off+2, n-2, "Exif\x00\x00"):
		j.exif = true
		j.h.Orientation = exifOrientation(j.s, off+2, n-2)
	case code == markAPP2 && j.starts(off+2, n-2, "ICC_PROFILE\x00"):
		j.h.ICC = true
		j.profile(off-2, end)
	}
	return end, err
}

// profile notes a segment from its marker to its end as part of the profile, all of
// which stands before the first scan.
func (j *jpegReader) profile(off, end int64) {
	switch {
	case j.h.Scans > 0:
		return
	case j.h.Profile.Len == 0:
		j.h.Profile.Off = off
	}
	j.h.Profile.Len = end - j.h.Profile.Off
}

func (j *jpegReader) starts(off, n int64, prefix string) bool {
	if n < int64(len(prefix)) {
		return false
	}
	b, err := j.s.At(off, len(prefix))
	return err == nil && string(b) == prefix
}

// frame reads a frame header: precision, height, width, components. Two frames
// are refused because decoders disagree on which counts.
func (j *jpegReader) frame(code byte, off, n int64) error {
	if j.h.Width > 0 || j.h.Scans > 0 {
		return source.Broken("a second frame header")
	}
	if n < 6 {
		return source.CutShort("its frame header")
	}
	b, err := j.s.At(off, 6)
	if err != nil {
		return err
	}
	j.h.Depth = int(b[0])
	j.h.Height = int(binary.BigEndian.Uint16(b[1:]))
	j.h.Width = int(binary.BigEndian.Uint16(b[3:]))
	j.components = int(b[5])
	j.h.Samples = j.components
	j.h.Gray = j.components == 1
	j.h.CMYK = j.components == 4
	j.h.Progressive = code&3 == 2 // SOF2, 6, 10 and 14
	if j.components < 1 || j.h.Width == 0 || j.h.Height == 0 {
		return source.Broken("its frame is %dx%d with %d components", j.h.Width, j.h.Height, j.components)
	}
	if j.h.Depth != 8 || !slices.Contains(jpegFrames, code) || j.components == 2 || j.components > 4 {
		return fmt.Errorf("%w: a JPEG of kind %d with %d components of %d bits", ErrNotPicture, code-markSOF0, j.components, j.h.Depth)
	}
	return nil
}

// jpegFrames are the kinds that are read: baseline, extended and progressive, in
// Huffman's or in arithmetic coding. The others lose nothing, or are differences.
var jpegFrames = []byte{markSOF0, markSOF0 + 1, markSOF0 + 2, markSOF0 + 9, markSOF0 + 10}

func (j *jpegReader) scan(off, n int64) error {
	if j.h.Width == 0 {
		return source.Broken("a scan before the frame header")
	}
	if n < 1 {
		return source.CutShort("a scan header")
	}
	b, err := j.s.At(off, 1)
	if err != nil {
		return err
	}
	j.h.Scans++
	if j.h.Scans == 1 {
		j.whole = int(b[0]) == j.components
	}
	if j.h.Scans > MaxScans {
		return source.TooLarge("more than %d scans", MaxScans)
	}
	j.s.Ahead = source.Window // from here on all is read
	return nil
}

// nextMarker finds the first JPEG marker at or after off, as libjpeg does: FF
// followed by neither a stuffed 00 nor another FF, and not RST0..7, which have
// no content. It returns the marker's code and the offset after it.
func (s *file) nextMarker(off int64) (code byte, next int64, err error) {
	for off+1 < s.Size {
		held, err := s.Rest(off)
		if err != nil {
			return 0, 0, err
		}
		code, n := scanMarker(held)
		off += int64(n)
		if code != 0 {
			return code, off, nil
		}
		if n == 0 { // an FF at the end of what is held: look at it with its successor
			if _, err := s.At(off, 2); err != nil {
				return 0, 0, err
			}
		}
	}
	return 0, 0, source.CutShort("its pixels: the end marker is missing")
}

// scanMarker looks for a marker in b. It returns its code and what lies up to
// and with it, or 0 and how many bytes can be passed over.
func scanMarker(b []byte) (code byte, n int) {
	for {
		i := bytes.IndexByte(b[n:], 0xff)
		if i < 0 {
			return 0, len(b)
		}
		n += i
		if n+1 == len(b) {
			return 0, n
		}
		switch c := b[n+1]; {
		case c == 0xff:
			n++
		case c == 0, c >= 0xd0 && c <= 0xd7:
			n += 2
		default:
			return c, n + 2
		}
	}
}
