package resize_test

import (
	"context"
	"errors"
	"image"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

// prober notes what it is to probe.
type prober struct {
	resizetest.Fake
	format variant.Format
	page   int
}

var errProbed = errors.New("probed")

func (p *prober) Probe(_ context.Context, _ resize.Source, f variant.Format, page int) (header.Header, error) {
	p.format, p.page = f, page
	return header.Header{}, errProbed
}

// unreadable is a file that a disk does not give back.
type unreadable struct{}

func (unreadable) ReadAt([]byte, int64) (int, error) { return 0, iotest.ErrTimeout }

// Only what is to be probed reaches the engine, and only if it is to be read.
func TestInspect(t *testing.T) {
	t.Parallel()
	comments := "<!--" + strings.Repeat(" ", 100) + "--><svg/>"
	for name, tt := range map[string]struct {
		src     resize.Source
		formats header.Formats
		page    int
		probed  variant.Format
		err     error
	}{
		"a JPEG":            {resize.InMemory(resizetest.JPEG(image.NewGray(image.Rect(0, 0, 2, 2)))), header.AllFormats, 1, 0, nil},
		"a PDF":             {resize.InMemory([]byte("%PDF-1.4")), header.AllFormats, 2, variant.PDF, errProbed},
		"a TIFF":            {resize.InMemory([]byte("II*\x00")), header.AllFormats, 0, variant.TIFF, errProbed},
		"an SVG":            {resize.InMemory([]byte("<svg/>")), header.AllFormats, 1, variant.SVG, errProbed},
		"an SVG, later":     {resize.InMemory([]byte(comments)), header.AllFormats, 1, variant.SVG, errProbed},
		"an SVG, not read":  {resize.InMemory([]byte("<svg/>")), header.FormatsOf(variant.PDF), 1, 0, header.ErrNotPicture},
		"no picture":        {resize.InMemory([]byte("hello")), header.AllFormats, 1, 0, header.ErrNotPicture},
		"empty":             {resize.InMemory(nil), header.AllFormats, 1, 0, header.ErrBroken},
		"cut short on disk": {resize.Source{At: strings.NewReader("%PDF-1.4"), Size: 1000}, header.AllFormats, 1, variant.PDF, errProbed},
		"cannot be read":    {resize.Source{At: unreadable{}, Size: 1000}, header.AllFormats, 1, 0, iotest.ErrTimeout},
	} {
		var p prober
		_, err := resize.Inspect(t.Context(), &p, tt.src, tt.formats, tt.page)
		if !errors.Is(err, tt.err) || p.format != tt.probed || p.format != 0 && p.page != max(tt.page, 1) {
			t.Errorf("%s: %v, probed as %v, page %d", name, err, p.format, p.page)
		}
	}
}
