package container

import (
	"encoding/binary"

	"github.com/thumbery/thumbery/resize/header"
)

// WrapJXL puts a codestream into the container that header.Inspect reads, which costs 40
// bytes: a codestream does not say how long it is, and a file cut short would not be
// noticed. What is no bare codestream stays as it is.
func WrapJXL(codestream []byte) []byte {
	if len(codestream) < 2 || codestream[0] != 0xff {
		return codestream
	}
	const head = 8
	out := make([]byte, 0, len(header.JXLBoxes)+head+len(codestream))
	out = append(out, header.JXLBoxes...)
	out = binary.BigEndian.AppendUint32(out, uint32(head+len(codestream)))
	out = append(out, "jxlc"...)
	return append(out, codestream...)
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
