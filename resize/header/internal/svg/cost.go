package svg

import (
	"bytes"
	"encoding/base64"
	"io"
	"regexp"

	"github.com/thumbery/thumbery/resize/header/internal/source"
)

// endlessFilters take time that has nothing to do with the size of the file, and
// what draws SVGs cannot be stopped.
var endlessFilters = []string{
	"feTurbulence", "feMorphology", "feConvolveMatrix", "feDiffuseLighting", "feSpecularLighting",
}

// checkDrawing refuses an SVG of which little text is much work: by endless
// filters, or by pictures within it that would pass the limits of their own kind.
func checkDrawing(s *source.Source, embedded func([]byte) (int64, error)) error {
	b := make([]byte, s.Size)
	switch _, err := io.ReadFull(io.NewSectionReader(s.Reader(), 0, s.Size), b); {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return source.Broken("cut short")
	case err != nil:
		return err
	}
	for _, name := range endlessFilters {
		if bytes.Contains(b, []byte(name)) {
			return source.TooLarge("the drawing has the filter %s, which may take for ever", name)
		}
	}
	if err := checkFonts(b); err != nil {
		return err
	}
	return checkEmbedded(s, b, embedded)
}

// maxEmbedded is how many pixels the pictures within an SVG may have together.
const maxEmbedded = 16 << 20

// imageElement is the start of an element that holds a picture.
var imageElement = regexp.MustCompile(`<(?:[A-Za-z0-9_.-]+:)?(?:image|feImage)[\s/>]`)

// checkEmbedded inspects the pictures that an SVG holds as data: URLs. Others are
// never loaded. What looks like an element may begin within another, so that their
// lengths count as work.
func checkEmbedded(s *source.Source, b []byte, embedded func([]byte) (int64, error)) error {
	var pixels int64
	for at := imageElement.FindIndex(b); at != nil; at = imageElement.FindIndex(b) {
		tag := element(b[at[0]:])
		b = b[at[1]:]
		if err := s.Spend(len(tag)); err != nil {
			return err
		}
		if bytes.IndexByte(tag, '&') >= 0 {
			return source.TooLarge("the drawing hides in references what picture it holds")
		}
		_, data, found := bytes.Cut(tag, []byte("data:"))
		if !found {
			continue
		}
		raw, err := decodeURL(data)
		if err != nil {
			return err
		}
		n, err := embedded(raw)
		if err != nil {
			return err
		}
		if pixels += n; pixels > maxEmbedded {
			return source.TooLarge("the drawing holds pictures of more than %d pixels", int64(maxEmbedded))
		}
	}
	return nil
}

// element is a tag up to its end, which does not stand in quotes.
func element(b []byte) []byte {
	var quote byte
	for i, c := range b {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return b[:i]
		}
	}
	return b
}

// decodeURL is the picture in what follows "data:".
func decodeURL(data []byte) ([]byte, error) {
	if end := bytes.IndexAny(data, `"'`); end >= 0 {
		data = data[:end]
	}
	_, payload, found := bytes.Cut(data, []byte(";base64,"))
	if !found {
		return nil, source.TooLarge("the drawing holds a picture that is not in base64")
	}
	payload = bytes.Map(visible, payload)
	raw := make([]byte, base64.RawStdEncoding.DecodedLen(len(payload)))
	n, err := base64.RawStdEncoding.Decode(raw, bytes.TrimRight(payload, "="))
	if err != nil {
		return nil, source.Broken("a picture in the drawing is not in base64")
	}
	return raw[:n], nil
}

// visible is r, or -1 for white space.
func visible(r rune) rune {
	if r <= ' ' {
		return -1
	}
	return r
}
