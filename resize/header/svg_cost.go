package header

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"regexp"

	"github.com/thumbery/thumbery/variant"
)

// endlessFilters take time that has nothing to do with the size of the file, and
// what draws SVGs cannot be stopped.
var endlessFilters = []string{
	"feTurbulence", "feMorphology", "feConvolveMatrix", "feDiffuseLighting", "feSpecularLighting",
}

// checkDrawing refuses an SVG of which little text is much work: by endless
// filters, or by pictures within it that would pass the limits of their own kind.
func checkDrawing(s *source) error {
	b := make([]byte, s.size)
	switch _, err := io.ReadFull(io.NewSectionReader(s.r, 0, s.size), b); {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return broken("cut short")
	case err != nil:
		return err
	}
	for _, name := range endlessFilters {
		if bytes.Contains(b, []byte(name)) {
			return tooLarge("the drawing has the filter %s, which may take for ever", name)
		}
	}
	if err := checkFonts(b); err != nil {
		return err
	}
	return s.checkEmbedded(b)
}

// maxEmbedded is how many pixels the pictures within an SVG may have together.
const maxEmbedded = 16 << 20

// imageElement is the start of an element that holds a picture.
var imageElement = regexp.MustCompile(`<(?:[A-Za-z0-9_.-]+:)?(?:image|feImage)[\s/>]`)

// checkEmbedded inspects the pictures that an SVG holds as data: URLs. Others are
// never loaded. What looks like an element may begin within another, so that their
// lengths count as work.
func (s *source) checkEmbedded(b []byte) error {
	var pixels int64
	for at := imageElement.FindIndex(b); at != nil; at = imageElement.FindIndex(b) {
		tag := element(b[at[0]:])
		b = b[at[1]:]
		if err := s.spend(len(tag)); err != nil {
			return err
		}
		if bytes.IndexByte(tag, '&') >= 0 {
			return tooLarge("the drawing hides in references what picture it holds")
		}
		_, data, found := bytes.Cut(tag, []byte("data:"))
		if !found {
			continue
		}
		n, err := embeddedPixels(s.r.ctx, data)
		if err != nil {
			return err
		}
		if pixels += n; pixels > maxEmbedded {
			return tooLarge("the drawing holds pictures of more than %d pixels", int64(maxEmbedded))
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

// embeddedPixels is the size of the picture in what follows "data:".
func embeddedPixels(ctx context.Context, data []byte) (int64, error) {
	if end := bytes.IndexAny(data, `"'`); end >= 0 {
		data = data[:end]
	}
	_, payload, found := bytes.Cut(data, []byte(";base64,"))
	if !found {
		return 0, tooLarge("the drawing holds a picture that is not in base64")
	}
	payload = bytes.Map(visible, payload)
	raw := make([]byte, base64.RawStdEncoding.DecodedLen(len(payload)))
	n, err := base64.RawStdEncoding.Decode(raw, bytes.TrimRight(payload, "="))
	if err != nil {
		return 0, broken("a picture in the drawing is not in base64")
	}
	if looksLikeXML(raw[:min(n, sniffBytes)]) {
		return 0, tooLarge("the drawing holds another drawing")
	}
	h, err := Inspect(ctx, bytes.NewReader(raw[:n]), int64(n), AllFormats.Without(variant.SVG))
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case err != nil:
		return 0, broken("a picture in the drawing cannot be read")
	}
	return h.DecodePixels() * int64(max(1, h.Pages)), nil
}

// visible is r, or -1 for white space.
func visible(r rune) rune {
	if r <= ' ' {
		return -1
	}
	return r
}
