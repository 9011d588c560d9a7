// Package pdf estimates how large the first page of a PDF is, and how many pages it
// has, without following its cross-references.
package pdf

import (
	"bytes"
	"compress/zlib"
	"io"
	"math"
	"regexp"
	"strconv"

	"github.com/thumbery/thumbery/resize/header/internal/source"
)

// Bounds on the search through a PDF.
const (
	maxPDFScan    = 4 << 20 // bytes looked at, at the start and again at the end
	maxPDFInflate = 8 << 20 // bytes unpacked of object streams, and bytes that these have
	maxPDFDicts   = 1 << 10 // dictionaries looked at
	maxPDFWalk    = 4 << 20 // bytes that these have
	maxPDFPages   = 1 << 16
)

// The size of a page that tells none, US Letter, which poppler takes too.
const (
	letterWidth  = 612
	letterHeight = 792
)

var (
	pdfCount  = regexp.MustCompile(`/Count\s+(\d{1,9})\b`)
	pdfRotate = regexp.MustCompile(`/Rotate\s+(-?\d{1,4})\b`)
	pdfMedia  = pdfBox("MediaBox")
	pdfCrop   = pdfBox("CropBox")
)

func pdfBox(name string) *regexp.Regexp {
	const number = `([-+.\d]{1,20})\s*`
	return regexp.MustCompile(`/` + name + `\s*\[\s*` + number + number + number + number + `\]`)
}

// pdfReader collects dictionaries of a PDF (ISO 32000-1) without following its
// cross-references.
type pdfReader struct {
	s      *source.Source
	page   []byte // the first page
	parent []byte // the first node of the page tree that tells a size or rotation
	pages  int
	dicts  int   // that may still be looked at
	walk   int   // bytes of dictionaries that may still be looked at
	packed int64 // bytes that may still be unpacked
	coded  int64 // of as many
}

// Inspect estimates the size of the first page in the file, which mostly is
// the first to be seen, and how many pages there are: the largest count in the
// page tree. One point is one pixel. UserUnit is not applied, as poppler does
// not. Encrypted files, and what is beyond the bounds, give Letter and one page.
func Inspect(s *source.Source) (width, height, pages int, err error) {
	p := &pdfReader{s: s, dicts: maxPDFDicts, walk: maxPDFWalk, packed: maxPDFInflate, coded: maxPDFInflate}
	if err := p.scan(0, min(s.Size, maxPDFScan)); err != nil {
		return 0, 0, 0, err
	}
	if err := p.scan(max(maxPDFScan, s.Size-maxPDFScan), s.Size); err != nil {
		return 0, 0, 0, err
	}
	width, height = p.size()
	return width, height, min(max(p.pages, 1), maxPDFPages), nil
}

// scan looks at the bytes from off to end, in windows that overlap, so that
// nothing shorter than that is cut.
func (p *pdfReader) scan(off, end int64) error {
	const overlap = source.Window / 4
	for off < end {
		n := int(min(end-off, source.Window))
		b, err := p.s.At(off, n)
		if err != nil {
			return err
		}
		p.find(b, off)
		if int64(n) == end-off {
			return nil
		}
		off += int64(n - overlap)
	}
	return nil
}

// find notes the dictionaries in b, which lies at off, or nowhere if off is
// negative: then it has been unpacked, and holds no further streams.
func (p *pdfReader) find(b []byte, off int64) {
	const key = "/Type"
	for at := 0; p.dicts > 0 && p.walk > 0; {
		i := bytes.Index(b[at:], []byte(key))
		if i < 0 {
			return
		}
		at += i + len(key)
		kind := pdfName(b[at:])
		if kind != "Page" && kind != "Pages" && kind != "ObjStm" {
			continue
		}
		p.dicts--
		start, end := pdfDict(b, at, p.walk)
		p.walk -= end - start
		p.take(kind, b[start:end])
		if kind == "ObjStm" && off >= 0 {
			p.unpack(b[start:end], b[end:], off+int64(end))
		}
	}
}

// pdfName reads the name that b begins with, after white space; "" if it begins
// with something else, or the name is a long one.
func pdfName(b []byte) string {
	b = bytes.TrimLeft(b[:min(len(b), 16)], " \t\r\n\f")
	if len(b) == 0 || b[0] != '/' {
		return ""
	}
	end := bytes.IndexAny(b[1:], " \t\r\n\f/<>[]()")
	return string(b[1 : 1+max(end, 0)])
}

// take keeps what a dictionary of this kind says.
func (p *pdfReader) take(kind string, dict []byte) {
	switch {
	case kind == "Page" && p.page == nil:
		p.page = bytes.Clone(dict)
	case kind == "Pages":
		p.pages = max(p.pages, pdfInt(pdfCount, dict))
		if p.parent == nil && pdfSizes(dict) {
			p.parent = bytes.Clone(dict)
		}
	}
}

// pdfDict is where the dictionary that at lies in begins and ends, if it is no longer
// than reach in either direction.
func pdfDict(b []byte, at, reach int) (start, end int) {
	depth := 0
	for start = at; start >= max(2, at-reach) && depth >= 0; start-- {
		switch string(b[start-2 : start]) {
		case "<<":
			depth--
			start--
		case ">>":
			depth++
			start--
		}
	}
	depth = 0
	for end = at; end+2 <= min(len(b), at+reach) && depth >= 0; end++ {
		switch string(b[end : end+2]) {
		case ">>":
			depth--
			end++
		case "<<":
			depth++
			end++
		}
	}
	return start, end
}

// unpack looks into an object stream, whose dictionary is followed by after, at
// off.
func (p *pdfReader) unpack(dict, after []byte, off int64) {
	const keyword = "stream"
	i := bytes.Index(after[:min(len(after), 32)], []byte(keyword))
	if i < 0 || !bytes.Contains(dict, []byte("/FlateDecode")) {
		return
	}
	i += len(keyword)
	for i < len(after) && (after[i] == '\r' || after[i] == '\n') {
		i++
	}
	coded := &io.LimitedReader{R: io.NewSectionReader(p.s.Reader(), off+int64(i), p.s.Size-off-int64(i)), N: p.coded}
	defer func() { p.coded = coded.N }()
	z, err := zlib.NewReader(coded)
	if err != nil {
		return
	}
	// The readable part of a damaged stream is searched, too.
	b, _ := io.ReadAll(io.LimitReader(z, min(p.packed, 1<<20)))
	p.packed -= int64(len(b))
	p.find(b, -1)
}

func pdfSizes(dict []byte) bool {
	return pdfMedia.Match(dict) || pdfCrop.Match(dict) || pdfRotate.Match(dict)
}

func pdfInt(re *regexp.Regexp, dict []byte) int {
	m := re.FindSubmatch(dict)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(string(m[1])) // it has digits only, and few
	return n
}

// size is that of what is seen of the first page: the crop box within the media
// box, turned, rounded half to even as libvips does.
func (p *pdfReader) size() (width, height int) {
	r := p.box(pdfCrop, p.box(pdfMedia, pdfRect{x1: letterWidth, y1: letterHeight}))
	w, h := pdfPixels(r.x1-r.x0), pdfPixels(r.y1-r.y0)
	rotate := pdfInt(pdfRotate, p.page)
	if !pdfRotate.Match(p.page) {
		rotate = pdfInt(pdfRotate, p.parent)
	}
	if rotate%180 != 0 {
		return h, w
	}
	return w, h
}

func pdfPixels(x float64) int { return int(max(1, min(math.RoundToEven(x), source.SideMax+1))) }

type pdfRect struct{ x0, y0, x1, y1 float64 }

// box reads a rectangle of the page, or of what it inherits from, a crop box as
// far as it lies within another; that one if there is none.
func (p *pdfReader) box(kind *regexp.Regexp, within pdfRect) pdfRect {
	m := kind.FindSubmatch(p.page)
	if m == nil {
		m = kind.FindSubmatch(p.parent)
	}
	if m == nil {
		return within
	}
	var v [4]float64
	for i := range v {
		v[i] = source.Number(string(m[1+i]))
	}
	r := pdfRect{min(v[0], v[2]), min(v[1], v[3]), max(v[0], v[2]), max(v[1], v[3])}
	if kind == pdfCrop {
		r = pdfRect{max(r.x0, within.x0), max(r.y0, within.y0), min(r.x1, within.x1), min(r.y1, within.y1)}
	}
	if r.x1 <= r.x0 || r.y1 <= r.y0 {
		return within
	}
	return r
}
