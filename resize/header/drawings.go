package header

import (
	"bytes"

	"github.com/thumbery/thumbery/resize/header/internal/pdf"
	"github.com/thumbery/thumbery/resize/header/internal/source"
	"github.com/thumbery/thumbery/resize/header/internal/svg"
	"github.com/thumbery/thumbery/variant"
)

func inspectSVG(s *file) (Header, error) {
	w, h, err := svg.Inspect(s.Source, s.embeddedPixels)
	if err != nil {
		return Header{}, err
	}
	return Header{
		Format: variant.SVG, Width: w, Height: h,
		Orientation: 1, Pages: 1, Depth: 8, Alpha: true,
	}, nil
}

// embeddedPixels is how many pixels a picture that an SVG holds has to decode.
func (s *file) embeddedPixels(raw []byte) (int64, error) {
	if looksLikeXML(raw[:min(len(raw), sniffBytes)]) {
		return 0, source.TooLarge("the drawing holds another drawing")
	}
	h, err := Inspect(s.Context(), bytes.NewReader(raw), int64(len(raw)), AllFormats.Without(variant.SVG))
	switch {
	case s.Context().Err() != nil:
		return 0, s.Context().Err()
	case err != nil:
		return 0, source.Broken("a picture in the drawing cannot be read")
	}
	return h.DecodePixels() * int64(max(1, h.Pages)), nil
}

func inspectPDF(s *file) (Header, error) {
	w, h, pages, err := pdf.Inspect(s.Source)
	if err != nil {
		return Header{}, err
	}
	return Header{
		Format: variant.PDF, Width: w, Height: h,
		Orientation: 1, Pages: pages, Depth: 8, Alpha: true,
	}, nil
}
