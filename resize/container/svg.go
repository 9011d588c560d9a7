package container

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"slices"
)

// sizeAttribute is what gives, or fails to give, the size of an SVG.
var sizeAttribute = regexp.MustCompile(`(\s)(width|height)(\s*=)`)

// ResizeSVG is an SVG whose root element says that it is w x h pixels; src is not changed.
func ResizeSVG(src []byte, w, h int) []byte {
	d := xml.NewDecoder(bytes.NewReader(src))
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		start := d.InputOffset()
		t, err := d.RawToken()
		if err != nil {
			return src
		}
		if _, ok := t.(xml.StartElement); !ok {
			continue
		}
		end := d.InputOffset()
		tag := sizeAttribute.ReplaceAll(src[start:end], []byte("${1}data-$2$3"))
		name := max(1, bytes.IndexAny(tag, " \t\r\n/>"))
		return slices.Concat(src[:start], tag[:name], fmt.Appendf(nil, ` width="%d" height="%d"`, w, h), tag[name:], src[end:])
	}
}
