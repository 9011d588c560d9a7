package vips

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/odd"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// probed is what e says of a file in f.
func probed(t testing.TB, e *Engine, src []byte, f variant.Format, page int) (header.Header, error) {
	t.Helper()
	return e.Probe(t.Context(), resize.InMemory(src), f, page)
}

// TestProbe looks at the pictures of testdata that the engine has to say something about.
func TestProbe(t *testing.T) {
	e := engineOf(t, engine.Config{Formats: header.AllFormats})
	for _, c := range []struct {
		name string
		page int
		want header.Header
	}{
		{"16bit.tif", 1, header.Header{Format: variant.TIFF, Width: 256, Height: 192, Depth: 16, Samples: 3}},
		{"lzw.tif", 1, header.Header{Format: variant.TIFF, Width: 480, Height: 320, Depth: 8, Samples: 3}},
		{"pages.tif", 0, header.Header{Format: variant.TIFF, Width: 120, Height: 80, Pages: 3, Depth: 8, Samples: 3}},
		{"pages.tif", 2, header.Header{Format: variant.TIFF, Width: 80, Height: 120, Pages: 3, Depth: 8, Samples: 3}},
		{"pages.tif", 4, header.Header{Format: variant.TIFF, Width: 120, Height: 80, Pages: 3, Depth: 8, Samples: 3}},
		{"drawing.svg", 1, header.Header{Format: variant.SVG, Width: 320, Height: 200, Depth: 8, Alpha: true}},
		{"viewbox.svg", 1, header.Header{Format: variant.SVG, Width: 200, Height: 100, Depth: 8, Alpha: true}},
		{"illustrator.svg", 1, header.Header{Format: variant.SVG, Width: 100, Height: 50, Depth: 8, Alpha: true}},
		{"pages.pdf", 2, header.Header{Format: variant.PDF, Width: 200, Height: 100, Pages: 2, Depth: 8, Alpha: true}},
		{"scene.jxl", 1, header.Header{Format: variant.JXL, Width: 480, Height: 320, Depth: 8, Samples: 3}},
		{"orientation-6.jxl", 1, header.Header{Format: variant.JXL, Width: 480, Height: 320, Depth: 8, Samples: 3}},
		{"scene.jp2", 1, header.Header{Format: variant.JP2, Width: 480, Height: 320, Depth: 8, Samples: 3}},
	} {
		c.want.Orientation, c.want.Pages = 1, max(1, c.want.Pages)
		if h, err := probed(t, e, testdata(t, "odd/"+c.name), c.want.Format, c.page); err != nil || h != c.want {
			t.Errorf("%s, page %d: %+v, %v, want %+v", c.name, c.page, h, err, c.want)
		}
	}
}

// TestProbeTIFF: what the samples of a page mean.
func TestProbeTIFF(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, c := range []struct {
		file tiff
		want header.Header
	}{
		{tiff{photo: photoBlack, bits: 8, samples: 1}, header.Header{Depth: 8, Samples: 1, Gray: true}},
		{tiff{photo: photoWhite, bits: 1, samples: 1}, header.Header{Depth: 8, Samples: 1, Gray: true}},
		{tiff{photo: photoBlack, bits: 16, samples: 2, extra: []int{2}}, header.Header{Depth: 16, Samples: 2, Gray: true, Alpha: true}},
		{tiff{photo: photoRGB, bits: 16, samples: 4, extra: []int{2}}, header.Header{Depth: 16, Samples: 4, Alpha: true}},
		{tiff{photo: photoRGB, bits: 8, samples: 8}, header.Header{Depth: 8, Samples: 8, Alpha: true}},
		{tiff{photo: photoPalette, bits: 4, samples: 1}, header.Header{Depth: 8, Samples: 3}},
		{tiff{photo: photoCMYK, bits: 8, samples: 4}, header.Header{Depth: 8, Samples: 4, CMYK: true}},
		{tiff{photo: photoLab, bits: 8, samples: 3, format: sampleInt}, header.Header{Depth: 8, Samples: 3}},
	} {
		c.want.Format, c.want.Width, c.want.Height, c.want.Orientation, c.want.Pages = variant.TIFF, flatW, flatH, 1, 1
		if h, err := probed(t, e, c.file.encode(), variant.TIFF, 1); err != nil || h != c.want {
			t.Errorf("%+v:\n%+v, %v, want\n%+v", c.file, h, err, c.want)
		}
	}
}

// The sizes are those that browsers give, at 96 an inch.
func TestProbeSVG(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	const box = `viewBox="0 0 200 100" `
	for _, c := range []struct {
		attrs string
		w, h  int
	}{
		{`width="40" height="30"`, 40, 30},
		{`width="40px" height="30Px"`, 40, 30},
		{`width=" 40 " height=" 30px "`, 40, 30},
		{`width="40.4" height="30.5"`, 40, 31},
		{`width="1.5" height="2.5"`, 2, 3},
		{`width="72pt" height="36pt"`, 96, 48},
		{`width="1in" height="2IN"`, 96, 192},
		{`width=".5in" height="+30"`, 48, 30},
		{`width="25.4mm" height="2.54cm"`, 96, 96},
		{`width="101.6q" height="50.8Q"`, 96, 48},
		{`width="10pc" height="6pc"`, 160, 96},
		{`width="10em" height="5em"`, 160, 80},
		{`width="10rem" height="5ex"`, 160, 40},
		{`width="10em" height="5em" font-size="20"`, 200, 100},
		{`width="10em" height="5em" font-size="15pt"`, 200, 100},
		{`width="1e3" height="2e2"`, 1000, 200},
		{`width="40000" height="40000"`, 40000, 40000},
		{`width="200000" height="100"`, 200000, 100},
		{box, 200, 100},
		{`viewBox="10,10 , 200.5 100.4"`, 201, 100},
		{`viewBox="0 0 0.2 0.1"`, 2, 1}, // of which nothing would be seen
		{`viewBox="0 0 0.2 0.1" width="1in"`, 96, 48},
		{box + `width="10mm"`, 38, 19},
		{box + `height="1cm" width="80%"`, 76, 38},
		{box + `width="50%" height="50%"`, 200, 100},
		{box + `width="50%" height="100"`, 200, 100},
		{box + `width="50"`, 50, 25},
		{box + `height="50"`, 100, 50},
		{box + `width="50" height="auto"`, 50, 25},
		{box + `width="-10" height="30"`, 60, 30},
		{box + `style="width:70px;height:60px"`, 70, 60},
		{`width="40" height="30" viewBox="0 0 0 0"`, 40, 30},
		{`viewBox="0 0 20000000 10000000" width="50"`, 50, 25},

		{``, 300, 150},
		{`width="100%" height="NaN"`, 300, 150},
		{`width="0x10" height="1_0"`, 300, 150},
		{`width="50"`, 50, 150},
		{`height="2in"`, 300, 192},
	} {
		want := header.Header{Format: variant.SVG, Width: c.w, Height: c.h, Orientation: 1, Pages: 1, Depth: 8, Alpha: true}
		for _, src := range []string{"<svg " + c.attrs + "/>", "\xef\xbb\xbf \n<svg\n" + strings.ReplaceAll(c.attrs, `"`, `'`) + "><g/></svg>\n<!-- end -->"} {
			h, err := probed(t, e, []byte(src), variant.SVG, 1)
			h.ExactWidth, h.ExactHeight = 0, 0
			if err != nil || h != want {
				t.Errorf("%s: %+v, %v, want %dx%d", src, h, err, c.w, c.h)
			}
		}
	}
}

// TestProbeMarkup: what is no SVG, or none that can be read. Of several pictures at once
// libvips' words are not known to be about this one, so that it is not parallel.
func TestProbeMarkup(t *testing.T) {
	e := defaultEngine(t)
	const head, foot = `<svg width="40" height="30">`, `</svg>`
	for _, c := range []struct {
		name, src string
		want      error
	}{
		{"declared in Latin 1", `<?xml version="1.0" encoding="ISO-8859-1"?>` + head + foot, nil},
		{"a comment, a doctype", `<?xml version='1.0' encoding='utf-8'?><!-- > --><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">` + head + foot, nil},
		{"Illustrator's entities", "<?xml version=\"1.0\"?><!DOCTYPE svg PUBLIC \"a\" \"b\" [\n<!ENTITY ns_svg \"http://www.w3.org/2000/svg\">\n\t<!ENTITY st0 'fill:none;'>\n] >" + head + foot, nil},
		{"behind much else", "<?xml version=\"1.0\"?>" + strings.Repeat("<!-- -->", 100) + head + foot, nil},
		{"behind 80 newlines", strings.Repeat("\n", 80) + head + foot, nil},
		{"with a prefix", `<ns0:svg xmlns:ns0="http://www.w3.org/2000/svg" width="40" height="30"></ns0:svg>`, nil},
		{"in UTF-16", "\xff\xfe" + strings.Join(strings.Split(head+foot, ""), "\x00") + "\x00", nil},
		{"the root is not over", `<svg width="40" `, header.ErrBroken},
		{"another root", `<?xml version="1.0"?><rss width="40"></rss>`, header.ErrNotPicture},
		{"no root", `<?xml version="1.0"?><!-- svg -->`, header.ErrNotPicture},
		{"cut between tags", head + `<g></g>`, header.ErrBroken},
		{"cut in a comment", head + `<!-- ` + foot, header.ErrBroken},
		{"too wide", `<svg width="20000000" height="30"/>`, header.ErrTooLarge},
		{"far too wide", `<svg width="1e999" height="30"/>`, header.ErrTooLarge},
		{"too wide a view box", `<svg viewBox="0 0 2e7 2e7"/>`, header.ErrTooLarge},
		{"nothing to be seen", `<svg width="0.1" height="30"/>`, header.ErrBroken},
		{"entities that grow", string(odd.Laughs(10)), header.ErrBroken},
	} {
		h, err := probed(t, e, []byte(c.src), variant.SVG, 1)
		if !errors.Is(err, c.want) || err == nil && h.Width != 40 || err != nil && h != (header.Header{}) {
			t.Errorf("%s: %+v, %v, want %v", c.name, h, err, c.want)
		}
	}
}

// pdfOf has a page and a page tree with these entries.
func pdfOf(page, tree string, count int) []byte {
	return fmt.Appendf(nil, "%%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"+
		"2 0 obj\n<< /Type /Pages /Kids [3 0 R 4 0 R] /Count %d %s >>\nendobj\n"+
		"3 0 obj\n<< /Resources << /Font << /F 5 0 R >> >> /Type /Page /Parent 2 0 R %s >>\nendobj\n"+
		"4 0 obj\n<</Type/Page/MediaBox[0 0 9 9]>>\nendobj\ntrailer << /Root 1 0 R >>\n%%%%EOF\n", count, tree, page)
}

// The sizes are those of poppler 22.12.
func TestProbePDF(t *testing.T) {
	e := engineOf(t, engine.Config{Formats: header.AllFormats})
	const media = "/MediaBox [0 0 200 100]"
	for _, c := range []struct {
		name        string
		src         []byte
		w, h, pages int
	}{
		{"plain", pdfOf(media, "", 2), 200, 100, 2},
		{"fractions", pdfOf("/MediaBox [10 10 210.4 110.6]", "", 1), 200, 101, 1},
		{"upside down", pdfOf("/MediaBox [ 200 100 0 0 ]", "", 1), 200, 100, 1},
		{"turned", pdfOf(media+" /Rotate 90", "", 1), 100, 200, 1},
		{"cut", pdfOf(media+" /CropBox [0 0 50 40]", "", 1), 50, 40, 1},
		{"inherited", pdfOf("", "/MediaBox [0 0 77 33] /Rotate 270", 9), 33, 77, 9},
	} {
		want := header.Header{Format: variant.PDF, Width: c.w, Height: c.h, Orientation: 1, Pages: c.pages, Depth: 8, Alpha: true}
		if c.name == "fractions" {
			want.ExactWidth, want.ExactHeight = 200.4, 100.6
		}
		if h, err := probed(t, e, c.src, variant.PDF, 1); err != nil || h != want {
			t.Errorf("%s: %+v, %v, want %+v", c.name, h, err, want)
		}
	}
	encrypted := bytes.Replace(pdfOf(media, "", 1), []byte("/Root 1 0 R"),
		[]byte("/Root 1 0 R /ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /O ("+strings.Repeat("o", 32)+") /U ("+strings.Repeat("u", 32)+") /P -4 >>"), 1)
	for name, c := range map[string]struct {
		src  []byte
		want error
	}{
		"nothing in it": {[]byte("%PDF-1.4 and so on, and so on"), header.ErrBroken},
		"no pages":      {pdfOf(media, "", 0), header.ErrBroken},
		"encrypted":     {encrypted, header.ErrNotPicture},
		"no PDF":        {testdata(t, "odd/lzw.tif"), header.ErrNotPicture},
	} {
		if h, err := probed(t, e, c.src, variant.PDF, 1); !errors.Is(err, c.want) || h != (header.Header{}) {
			t.Errorf("%s: %+v, %v, want %v", name, h, err, c.want)
		}
	}
}

// TestProbeRefuses what has bounds, or cannot be made rightly.
func TestProbeRefuses(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	rgb := func(bits, samples int) []byte { return tiff{photo: photoRGB, bits: bits, samples: samples}.encode() }
	for name, c := range map[string]struct {
		src  []byte
		f    variant.Format
		want error
	}{
		"5 samples of 16 bits":     {rgb(16, 5), variant.TIFF, header.ErrTooLarge},
		"9 samples":                {rgb(8, 9), variant.TIFF, header.ErrTooLarge},
		"a long side":              {odd.ZeroTIFF(65_535, 2, 1, 8, 1, 1), variant.TIFF, nil},
		"a longer side":            {odd.ZeroTIFF(65_536, 2, 1, 8, 1, 1), variant.TIFF, header.ErrTooLarge},
		"floats":                   {odd.ZeroTIFF(9, 9, 1, 32, 3, 1), variant.TIFF, header.ErrNotPicture},
		"pages that go round":      {odd.PagesTIFF(3, true), variant.TIFF, nil},
		"JPEG 2000 of no place":    {[]byte("\xff\x4f\xff\x51\x00\x00\x00\x00"), variant.JP2, header.ErrBroken},
		"a JPEG XL of 20 channels": {odd.ManyChannels(20, 20, 20), variant.JXL, header.ErrTooLarge},
		"JPEG 2000 of a palette":   {testdata(t, "hostile/palette.jp2"), variant.JP2, header.ErrNotPicture},
		"JPEG 2000 off its grid":   {testdata(t, "hostile/offset.jp2"), variant.JP2, header.ErrNotPicture},
		"all of it off its grid":   {testdata(t, "hostile/leak.jp2"), variant.JP2, header.ErrNotPicture},
		"JPEG 2000 in a TIFF":      {testdata(t, "hostile/grey-tiff-rgb-jp2.tif"), variant.TIFF, header.ErrNotPicture},
		"a JPEG":                   {testdata(t, "odd/gray.jpg"), variant.TIFF, header.ErrNotPicture},
	} {
		h, err := probed(t, e, c.src, c.f, 1)
		cut := name == "a JPEG XL of 20 channels" && errors.Is(err, header.ErrBroken) // newer versions miss its frame
		if !errors.Is(err, c.want) && !cut || err != nil && h != (header.Header{}) {
			t.Errorf("%s: %+v, %v, want %v", name, h, err, c.want)
		}
	}
}

// TestProbeFails: what the picture is not to blame for.
func TestProbeFails(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Probe(ended, resize.InMemory(testdata(t, "odd/lzw.tif")), variant.TIFF, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
	gone := resize.Source{At: unreadableAt{}, Size: 100}
	if _, err := e.Probe(t.Context(), gone, variant.TIFF, 1); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a source that cannot be read: %v", err)
	}
}

type unreadableAt struct{}

func (unreadableAt) ReadAt([]byte, int64) (int, error) { return 0, io.ErrClosedPipe }
