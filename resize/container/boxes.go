package container

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/internal/source"
)

// WrapJXL puts a codestream into the container that header.Inspect reads, which costs 40
// bytes: a codestream does not say how long it is, and a file cut short would not be
// noticed. What is no bare codestream stays as it is.
func WrapJXL(codestream []byte) []byte {
	if len(codestream) < 2 || codestream[0] != 0xff {
		return codestream
	}
	return slices.Concat([]byte(header.JXLBoxes), box("jxlc", codestream))
}

// jxlWithoutMetadata is src without the boxes of a container that decoding does not need, of
// which brob is compressed. A bare codestream, and what is no box, stays as it is.
func jxlWithoutMetadata(src []byte) []byte {
	if len(src) < 12 || string(src[4:8]) != "JXL " {
		return src
	}
	var kept [][]byte
	for b := range source.Of(src).Boxes(0, int64(len(src))) {
		switch b.Kind {
		case "JXL ", "ftyp", "jxll", "jxli", "jxlc", "jxlp", "":
			kept = append(kept, src[b.Off:b.End])
		}
	}
	return joined(src, kept)
}

// checkJP2 refuses a JPEG 2000 whose samples are places in a palette: libvips 8.14 takes
// it for grey, and writes three samples where it has room for one. What is cut short, as a bare
// codestream seems to be, is left to the decoder.
func checkJP2(src []byte) error {
	s := source.Of(src)
	for b, err := range s.Boxes(0, s.Size) {
		if err != nil && !source.IsCut(err) {
			return err
		}
		if b.Kind != "jp2h" {
			continue
		}
		for b, err := range s.Boxes(b.Body, b.End) {
			switch {
			case b.Kind == "pclr":
				return fmt.Errorf("%w: a JPEG 2000 with a palette", header.ErrNotPicture)
			case err != nil && !source.IsCut(err):
				return err
			}
		}
	}
	return nil
}

// box is a box with that content.
func box(kind string, content []byte) []byte {
	out := binary.BigEndian.AppendUint32(make([]byte, 0, 8+len(content)), uint32(8+len(content)))
	return append(append(out, kind...), content...)
}

// joined is what is kept, in order, of src, and what stands between. Nothing is copied if that
// is how src begins.
func joined(src []byte, kept [][]byte) []byte {
	end := 0
	for _, part := range kept {
		if len(part) > 0 && (end == len(src) || &part[0] != &src[end]) {
			return slices.Concat(kept...)
		}
		end += len(part)
	}
	return src[:end]
}
