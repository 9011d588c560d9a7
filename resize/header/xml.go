package header

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"unicode/utf16"
)

// xmlDeclaration names the encoding of XML.
var xmlDeclaration = regexp.MustCompile(`(?s)^\s*<\?xml\s.*?\?>`)

// XMLText returns the text of XML, or of its beginning: without what may stand before the
// first markup, and in UTF-8, without a declaration, if it is in UTF-16. UTF-32, which no
// decoder reads, stays as it is.
func XMLText(src []byte) []byte {
	if bytes.HasPrefix(src, []byte("\xff\xfe\x00\x00")) {
		return src
	}
	for {
		n := len(src)
		src = bytes.TrimLeft(bytes.TrimPrefix(src, []byte("\xef\xbb\xbf")), " \t\r\n")
		if order := utf16Order(src); order != nil {
			src = xmlDeclaration.ReplaceAll(fromUTF16(src, order), nil)
		} else if len(src) == n {
			return src
		}
	}
}

// utf16Order is the order of bytes in XML in UTF-16; nil if it is in another encoding.
func utf16Order(src []byte) binary.ByteOrder {
	switch {
	case len(src) < 2:
	case src[0] == 0xff && src[1] == 0xfe, src[0] == '<' && src[1] == 0:
		return binary.LittleEndian
	case src[0] == 0xfe && src[1] == 0xff, src[0] == 0 && src[1] == '<':
		return binary.BigEndian
	}
	return nil
}

// fromUTF16 is src in UTF-8, without byte order marks and zeros.
func fromUTF16(src []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, 0, len(src)/2)
	for ; len(src) >= 2; src = src[2:] {
		if u := order.Uint16(src); u != 0 && u != 0xfeff {
			units = append(units, u)
		}
	}
	return []byte(string(utf16.Decode(units)))
}
