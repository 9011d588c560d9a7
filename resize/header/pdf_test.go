package header_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// pdfOf has a page and a page tree with these entries.
func pdfOf(page, tree string, count int) []byte {
	return fmt.Appendf(nil, "%%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"+
		"2 0 obj\n<< /Type /Pages /Kids [3 0 R 4 0 R] /Count %d %s >>\nendobj\n"+
		"3 0 obj\n<< /Resources << /Font << /F 5 0 R >> >> /Type /Page /Parent 2 0 R %s >>\nendobj\n"+
		"4 0 obj\n<</Type/Page/MediaBox[0 0 9 9]>>\nendobj\ntrailer << /Root 1 0 R >>\n%%%%EOF\n", count, tree, page)
}

// packedPDF keeps its objects in an object stream, as PDF 1.5 does.
func packedPDF(objects string) []byte {
	z := deflated([]byte(objects))
	return fmt.Appendf(nil, "%%PDF-1.5\n%s1 0 obj\n<</Type/ObjStm/N 3/First 20/Filter/FlateDecode/Length %d>>stream\r\n%s\nendstream\nendobj\n%%%%EOF\n",
		strings.Repeat("%filler\n", 20_000), len(z), z)
}

// The sizes are those of pdfload in libvips 8.14 on poppler 22.12.
func TestInspectPDF(t *testing.T) {
	t.Parallel()
	const media = "/MediaBox [0 0 200 100]"
	for _, c := range []struct {
		name        string
		src         []byte
		w, h, pages int
	}{
		{"plain", pdfOf(media, "", 2), 200, 100, 2},
		{"fractions", pdfOf("/MediaBox [10 10 210.4 110.6]", "", 1), 200, 101, 1},
		{"halves", pdfOf("/MediaBox[0 0 200.5 100.5]", "", 1), 200, 100, 1},
		{"upside down", pdfOf("/MediaBox [ 200 100 0 0 ]", "", 1), 200, 100, 1},
		{"turned", pdfOf(media+" /Rotate 90", "", 1), 100, 200, 1},
		{"turned back", pdfOf(media+" /Rotate -270", "", 1), 100, 200, 1},
		{"cut", pdfOf(media+" /CropBox [0 0 50 40]", "", 1), 50, 40, 1},
		{"cut beyond", pdfOf(media+" /CropBox [-10 -10 500 400]", "", 1), 200, 100, 1},
		{"inherited", pdfOf("", "/MediaBox [0 0 77 33] /Rotate 270", 9), 33, 77, 9},
		{"a unit that is not used", pdfOf(media+" /UserUnit 2", "", 1), 200, 100, 1},
		{"packed", packedPDF("<</Type/Page/MediaBox[0 0 20 10]>> <</Type/Pages/Count 17>>"), 20, 10, 17},
		{"nothing in it", []byte("%PDF-1.4 and so on, and so on"), 612, 792, 1},
		{"no pages", pdfOf(media, "", 0), 200, 100, 1},
		{"too many pages", pdfOf(media, "", 999_999_999), 200, 100, 1 << 16},
		{"no size", pdfOf("/MediaBox [0 0 0 0]", "", 1), 612, 792, 1},
		{"a size of many digits", pdfOf("/MediaBox [0 0 1e5 ......]", "", 1), 612, 792, 1},
	} {
		h, err := inspect(c.src)
		want := header.Header{Format: variant.PDF, Width: c.w, Height: c.h, Orientation: 1, Pages: c.pages, Depth: 8, Alpha: true}
		if err != nil || h != want {
			t.Errorf("%s: %+v, %v, want %dx%d, %d pages", c.name, h, err, c.w, c.h, c.pages)
		}
	}
}

// TestInspectPDFIsBounded: of a long file the middle is not read, and what
// unpacks to much is not unpacked.
func TestInspectPDFIsBounded(t *testing.T) {
	t.Parallel()
	src := append([]byte("%PDF-1.4\n"), bytes.Repeat([]byte("<</Type/Pages/Count 3"), 1<<19)...)
	r := &counting{r: bytes.NewReader(src)}
	if h, err := header.Inspect(t.Context(), r, int64(len(src)), header.AllFormats); err != nil || h.Pages != 3 {
		t.Errorf("%+v, %v", h, err)
	}
	if r.n > 11<<20 {
		t.Errorf("%d bytes read of %d", r.n, len(src))
	}
	bomb := packedPDF(strings.Repeat("<</Type/Page>>", 1<<20))
	if h, err := inspect(bomb); err != nil || h.Width != 612 {
		t.Errorf("%+v, %v", h, err)
	}
}
