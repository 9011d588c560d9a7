package header

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/thumbery/thumbery/resize/internal/source"
	"github.com/thumbery/thumbery/variant"
)

// jpegReader is the state between two segments.
type jpegReader struct {
	s    *source.Source
	h    Header
	only bool // the first scan holds all components
}

func inspectJPEG(s *source.Source) (Header, error) {
	j := &jpegReader{s: s, h: Header{Format: variant.JPEG, Orientation: 1}}
	for g, err := range s.Segments(2) {
		if err != nil {
			return j.h, err
		}
		switch {
		case g.Code == source.EOI:
			return j.h, nil
		case g.Code == source.SOI:
			return Header{}, source.Broken("a second picture begins before the first has ended")
		}
		if err := j.segment(g); err != nil {
			return j.h, err
		}
		if g.Code == source.SOS && j.only && !j.h.Progressive && endsWithEOI(s) {
			break // the rest of the file need not be searched for more scans
		}
	}
	return j.h, nil
}

// maxPadding is how many bytes may follow the end marker of a file that is not searched.
const maxPadding = 64

// endsWithEOI reports whether nothing but padding follows an end marker at the
// very end of the file.
func endsWithEOI(s *source.Source) bool {
	n := int(min(s.Size, maxPadding+2))
	tail, err := s.At(s.Size-int64(n), n)
	if err != nil {
		return false
	}
	for len(tail) > 2 && (tail[len(tail)-1] == 0 || tail[len(tail)-1] == 0xff) {
		tail = tail[:len(tail)-1]
	}
	return tail[len(tail)-2] == 0xff && tail[len(tail)-1] == source.EOI
}

func (j *jpegReader) segment(g source.Segment) error {
	switch code := g.Code; {
	case code == source.SOS:
		return j.scan(g)
	case code >= source.SOF0 && code <= source.SOF15 && code != source.DHT && code != source.JPG && code != source.DAC:
		return j.frame(g)
	case code == source.APP1 && j.h.EXIF.Len == 0 && j.starts(g, "Exif\x00\x00"):
		j.h.readEXIF(j.s, g.Body, g.End-g.Body)
	case code == source.APP2 && j.starts(g, "ICC_PROFILE\x00"):
		j.h.ICC = true
		j.profile(g)
	}
	return nil
}

// profile notes a segment, from its marker on, as part of the profile, all of which stands
// before the first scan.
func (j *jpegReader) profile(g source.Segment) {
	switch {
	case j.h.Scans > 0:
		return
	case j.h.Profile.Len == 0:
		j.h.Profile.Off = g.Off
	}
	j.h.Profile.Len = g.End - j.h.Profile.Off
}

func (j *jpegReader) starts(g source.Segment, prefix string) bool {
	if g.End-g.Body < int64(len(prefix)) {
		return false
	}
	b, err := j.s.At(g.Body, len(prefix))
	return err == nil && string(b) == prefix
}

// frame reads a frame header: precision, height, width, components. Two frames
// are refused because decoders disagree on which counts.
func (j *jpegReader) frame(g source.Segment) error {
	const size = 6
	if j.h.Width > 0 || j.h.Scans > 0 {
		return source.Broken("a second frame header")
	}
	if g.End-g.Body < size {
		return source.CutShort("its frame header")
	}
	b, err := j.s.At(g.Body, size)
	if err != nil {
		return err
	}
	h := &j.h
	h.Depth, h.Samples = int(b[0]), int(b[5])
	h.Height, h.Width = int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
	h.Gray, h.CMYK = h.Samples == 1, h.Samples == 4
	h.Progressive = g.Code&3 == 2 // SOF2, 6, 10 and 14
	if h.Samples < 1 || h.Width == 0 || h.Height == 0 {
		return source.Broken("its frame is %dx%d with %d components", h.Width, h.Height, h.Samples)
	}
	if h.Depth != 8 || !slices.Contains(jpegFrames, g.Code) || h.Samples == 2 || h.Samples > 4 {
		return fmt.Errorf("%w: a JPEG of kind %d with %d components of %d bits", ErrNotPicture, g.Code-source.SOF0, h.Samples, h.Depth)
	}
	return nil
}

// jpegFrames are the kinds that are read: baseline, extended and progressive, in
// Huffman's or in arithmetic coding. The others lose nothing, or are differences.
var jpegFrames = []byte{source.SOF0, source.SOF0 + 1, source.SOF2, source.SOF0 + 9, source.SOF0 + 10}

func (j *jpegReader) scan(g source.Segment) error {
	if j.h.Width == 0 {
		return source.Broken("a scan before the frame header")
	}
	if g.End == g.Body {
		return source.CutShort("a scan header")
	}
	b, err := j.s.At(g.Body, 1)
	if err != nil {
		return err
	}
	j.h.Pages = 1
	j.h.Scans++
	if j.h.Scans == 1 {
		j.only = int(b[0]) == j.h.Samples
	}
	if j.h.Scans > MaxScans {
		return source.TooLarge("more than %d scans", MaxScans)
	}
	j.s.Ahead = source.Window // from here on all is read
	return nil
}
