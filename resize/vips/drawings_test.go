package vips

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image/color"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/odd"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/vips/op"
	"github.com/thumbery/thumbery/variant"
)

const svgStart = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" `

// TestSharpDrawing: a drawing is made at the size asked for: a line of a tenth of
// a unit is a whole pixel at ten times the size, and black.
func TestSharpDrawing(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	src := []byte(svgStart + `width="40" height="40"><rect width="40" height="40" fill="#fff"/><rect x="20" width="0.1" height="40"/></svg>`)
	for _, c := range []struct {
		ops  string
		x, y int
	}{
		{"400x400", 200, 200},
		{"400x", 200, 5},
		{"400x200,g_n", 200, 100},
		{"200x200,crop_10_10_20_20", 100, 100},
		{"200x400,crop_20_0_20_40", 0, 10},
		{"400x400,rot_180", 199, 20},
		{"400x400,fit_contain,pad_10", 210, 200},
		{"100x100,crop_50p_50p_25p_25p", 0, 50},
		{"600x400,fit_contain", 300, 100},
		{"40x40,dpr_8,up_1,q_90", 160, 160},
	} {
		m := view(t, e, src, c.ops+",f_png")
		if p := m.NRGBAAt(c.x, c.y); c.ops[:3] != "40x" && off(p, color.NRGBA{0, 0, 0, 255}) > 3 {
			t.Errorf("%s: the line is %v", c.ops, p)
		}
		if p := m.NRGBAAt(c.x+2, c.y); off(p, color.NRGBA{255, 255, 255, 255}) > 3 {
			t.Errorf("%s: beside the line is %v", c.ops, p)
		}
	}
	// The same from pixels is soft.
	natural, _ := makeOf(t, e, src, "dpr_1,f_png")
	if p := view(t, e, natural, "400x400,up_1,f_png").NRGBAAt(205, 200); p.R < 150 {
		t.Errorf("an enlarged line is %v: this test cannot tell", p)
	}
}

// TestDrawings: sizes of all kinds, and what is seen in them.
func TestDrawings(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, name := range []string{"viewbox.svg", "illustrator.svg"} {
		for _, ops := range []string{"100x50", "dpr_1", "400x", "60x60", "60x60,fit_contain,bg_ffffff", "33x70,fit_fill", "9x9,fit_inside", "50x50,crop_25p_0_50p_100p"} {
			m := view(t, e, testdata(t, "odd/"+name), ops+",f_png")
			w, h := m.Rect.Dx(), m.Rect.Dy()
			left, right := m.NRGBAAt(w/4, h/2), m.NRGBAAt(3*w/4, h/2)
			if left.R < 180 || left.B > 80 || right.B < 180 || right.R > 80 {
				t.Errorf("%s, %s: %v on the left, %v on the right", name, ops, left, right)
			}
		}
	}
	const body = `<rect x="5" y="6" width="50" height="40" fill="#f00"/></svg>`
	const box = `viewBox="0 0 60 50" `
	for _, attrs := range []string{
		"", `width="40"`, `height="30"`, `width="100%" height="100%"`, box, box + `width="50%" height="50%"`, box + `width="30"`, box + `height="100"`,
		`width="2in" height="1in"`, `width="10em" height="8em"`, `width="10ex" height="8ex"`, box + `style="width:70px;height:60px"`, box + `width="auto" height="auto"`,
		`width="60.4" height="50.6"`, `width="40mm" height="30mm"`, `width="40pt" height="30pc"`, box + `preserveAspectRatio="none" width="200" height="20"`,
		`viewBox="-10 -10 80 70"`, `viewBox="0 0 0 0" width="40" height="30"`, box + `width="3000" height="2"`,
	} {
		src := []byte(svgStart + attrs + ">" + body)
		for _, ops := range []string{"90x", "40x40,fit_contain"} {
			if _, err := make1(e, src, ops+",f_png"); err != nil {
				t.Errorf("%s, %s: %v", attrs, ops, err)
			}
		}
		if h := headerOf(t, src); h.Width == 300 && h.Height == 150 { // without a size: as browsers show it
			m := view(t, e, src, "600x,f_png")
			if p, q := m.NRGBAAt(60, 60), m.NRGBAAt(300, 150); m.Rect.Dy() != 300 || p != red || q.A != 0 {
				t.Errorf("%s: %v, beside it %v, in %v", attrs, p, q, m.Rect)
			}
		}
	}
}

// TestHostileDrawing: nothing is fetched from anywhere.
func TestHostileDrawing(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret.svg")
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("secret.svg", []byte(svgStart+`width="100" height="100"><rect id="a" width="100" height="100" fill="#f00"/></svg>`))
	e := defaultEngine(t)
	picture := write("secret.png", testdata(t, "odd/disc.png"))
	write("secret.css", []byte(`rect { fill: #f00 }`))
	fixed := testdata(t, "odd/hostile.svg")
	t.Chdir(dir)
	hostile := map[string][]byte{
		"testdata": fixed,
		"all":      odd.HostileSVG(server.URL+"/", "file://"+secret),
		"picture":  odd.HostileSVG(server.URL+"/", "file://"+picture),
		"relative": odd.HostileSVG(server.URL+"/", "secret.svg"),
		"stylesheet": []byte(`<?xml version="1.0"?><?xml-stylesheet type="text/css" href="secret.css"?>` +
			svgStart + `width="100" height="100"><style>@import "secret.css"; @import url(file://` + dir + `/secret.css);</style><rect width="100" height="100" fill="#008000"/></svg>`),
		"entity": []byte(`<!DOCTYPE svg [<!ENTITY x SYSTEM "file://` + secret + `"><!ENTITY % y SYSTEM "` + server.URL + `/dtd"> %y;]>` +
			svgStart + `width="100" height="100"><rect width="100" height="100" fill="#008000"/>&x;</svg>`),
		"doctype": []byte(`<!DOCTYPE svg SYSTEM "` + server.URL + `/dtd">` + svgStart + `width="100" height="100"><rect width="100" height="100" fill="#008000"/></svg>`),
		"nested": []byte(svgStart + `width="100" height="100"><rect width="100" height="100" fill="#008000"/><image width="100" height="100" xlink:href="data:image/svg+xml;utf8,` +
			`&lt;svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'&gt;&lt;image width='100' height='100' xlink:href='file://` + picture + `'/&gt;&lt;image width='9' height='9' xlink:href='` + server.URL + `/'/&gt;&lt;/svg&gt;"/></svg>`),
	}
	for name, src := range hostile {
		if _, err := make1(e, src, "100x,f_png"); !allowed(err) {
			t.Errorf("%s: %v", name, err)
		}
		// What is refused for being too much to draw is in the way of the rest.
		src = regexp.MustCompile(`<filter.*</filter>`).ReplaceAll(src, nil)
		out, err := make1(e, src, "100x,f_png")
		if err != nil {
			if name != "entity" && name != "nested" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		for i, p := range pixelsOf(decoded(t, e, out)) {
			if p != (color.NRGBA{0, 128, 0, 255}) {
				t.Errorf("%s: pixel %d is %v, not green", name, i, p)
				break
			}
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d requests went out", n)
	}
}

// TestDrawingBombs are refused before they are drawn.
func TestDrawingBombs(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for name, src := range map[string][]byte{
		"laughs.svg": testdata(t, "odd/laughs.svg"), "ten laughs": odd.Laughs(10),
	} {
		began := used(t)
		out, err := make1(e, src, "100x,f_png")
		if err == nil || !errors.Is(err, header.ErrBroken) && !errors.Is(err, header.ErrTooLarge) && !errors.Is(err, header.ErrNotPicture) {
			t.Errorf("%s: %d bytes, %v", name, len(out), err)
		}
		t.Logf("%s: %v of CPU, %v", name, used(t)-began, err)
	}
}

// TestPDF: only where it is switched on, at the size asked for, any page.
func TestPDF(t *testing.T) {
	src := testdata(t, "odd/pages.pdf")
	if _, err := make1(defaultEngine(t), src, "100x,f_png"); !errors.Is(err, header.ErrNotPicture) {
		t.Errorf("a PDF where it is not read: %v", err)
	}
	defer defaultEngine(t) // switched off again: it is the process's
	e := engineOf(t, engine.Config{Formats: header.AllFormats})
	if !e.CanRead(variant.PDF) {
		t.Skip("this libvips has no loader for PDF")
	}
	m := view(t, e, src, "400x,f_png,bg_ffffff")
	if m.Rect.Dy() != 200 || off(m.NRGBAAt(100, 100), red) > 2 || off(m.NRGBAAt(300, 100), color.NRGBA{255, 255, 255, 255}) > 2 {
		t.Errorf("the first page is %v, %v and %v", m.Rect, m.NRGBAAt(100, 100), m.NRGBAAt(300, 100))
	}
	// The second is upright: it lies on a sheet like the first.
	m = view(t, e, src, "400x,page_2,f_png")
	if off(m.NRGBAAt(200, 100), color.NRGBA{0, 0, 255, 255}) > 2 || off(m.NRGBAAt(155, 5), color.NRGBA{0, 0, 255, 255}) > 2 || off(m.NRGBAAt(140, 100), color.NRGBA{255, 255, 255, 255}) > 2 || m.Rect.Dy() != 200 {
		t.Errorf("the second page is %v of %v, beside it %v", m.NRGBAAt(200, 100), m.Rect, m.NRGBAAt(140, 100))
	}
	for _, ops := range []string{"60x60,page_2", "50x50,fit_contain,page_2", "30x,rot_90,page_2", "20x20,trim"} {
		makeOf(t, e, src, ops+",f_jpeg")
	}
	h, err := inspect(e, src, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := resize.NewPlan(h, variant.Variant{Width: 50, Page: 3}, 0, settings(e)); err == nil {
		t.Error("a third page is planned")
	}
}

// TestForeign: what is no picture for us is refused, whatever its name.
func TestForeign(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	files, err := filepath.Glob("../../testdata/odd/refused.*")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, name := range append(files, "../../testdata/odd/text.jpg", "../../testdata/odd/html.jpg") {
		src := testfile(t, name)
		if h, err := inspect(e, src, 1); !errors.Is(err, header.ErrNotPicture) {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
		for _, f := range []variant.Format{variant.JPEG, variant.SVG, variant.TIFF, variant.PDF} {
			h := header.Header{Format: f, Width: 10, Height: 10, Orientation: 1, Pages: 1}
			p, err := resize.NewPlan(h, variant.Variant{Width: 5}, 0, settings(e))
			if err != nil {
				t.Fatal(err)
			}
			if out, err := e.Resize(t.Context(), resize.InMemory(src), h, p); err == nil {
				t.Errorf("%s, said to be %v: %d bytes", name, f, len(out))
			}
		}
	}
}

// foreignLoaders are all that libvips 8.14 to 8.18 can have and we do not want.
const foreignLoaders = "analyzeload csvload fitsload magickload magickload_buffer matload matrixload niftiload openexrload openslideload " +
	"pdfload pdfload_buffer ppmload ppmload_buffer radload radload_buffer rawload vipsload uhdrload uhdrload_buffer dcrawload dcrawload_buffer"

// TestBlocked: libvips itself refuses to run loaders that are not allowed, by
// whatever way they are called.
func TestBlocked(t *testing.T) {
	e := defaultEngine(t)
	tried := 0
	for operation := range strings.FieldsSeq(foreignLoaders) {
		if !op.Has(operation) {
			continue
		}
		tried++
		r := newRun()
		switch {
		case strings.HasSuffix(operation, "_buffer"):
			r.Open(operation, testdata(t, "odd/pages.pdf"))
		default:
			r.Do(operation, op.Set("filename", "../../testdata/odd/pages.pdf"))
		}
		if r.Err == nil || !strings.Contains(r.Err.Error(), "blocked") {
			t.Errorf("%s: %v", operation, r.Err)
		}
		r.Close()
	}
	if tried < 5 {
		t.Errorf("only %d loaders were tried", tried)
	}
	for f, l := range loaders { // and those that are allowed run
		if !e.CanRead(f) {
			continue
		}
		r := newRun()
		if r.Open(l.operation, []byte("nonsense")); r.Err == nil || strings.Contains(r.Err.Error(), "blocked") {
			t.Errorf("%s: %v", l.operation, r.Err)
		}
		r.Close()
	}
}

// TestDrawingUnits: whatever a length is given in, wherever in a drawing, it is as long as
// in a browser: half as wide as the drawing.
func TestDrawingUnits(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	red := color.NRGBA{255, 0, 0, 255}
	const whole = `viewBox="0 0 192 96"><g fill="#f00">`
	for name, body := range map[string]string{
		"px":                whole + `<rect width="96px" height="96"/>`,
		"in":                whole + `<rect width="1in" height="96"/>`,
		"mm":                whole + `<rect width="25.4mm" height="96"/>`,
		"cm":                whole + `<rect width="2.54cm" height="96"/>`,
		"pt":                whole + `<rect width="72pt" height="96"/>`,
		"pc":                whole + `<rect width="6pc" height="96"/>`,
		"em":                whole + `<rect width="6em" height="96"/>`,
		"ex":                whole + `<rect width="12ex" height="96"/>`,
		"%":                 whole + `<rect width="50%" height="96"/>`,
		"em of the drawing": `font-size="0.5in" ` + whole + `<rect width="2em" height="96"/>`,
		"in a style":        whole + `<path style="stroke:#f00;stroke-width:2in" d="M0 0V96"/>`,
		"in a style sheet":  whole + `<style>path{stroke:#f00;stroke-width:144pt}</style><path d="M0 0V96"/>`,
		"the drawing's own": `width="50.8mm" height="1in">` + `<g fill="#f00"><rect width="96" height="96"/>`,
		"one of them":       `width="50.8mm" ` + whole + `<rect width="1in" height="96"/>`,
		"in its style":      `style="width:2in;height:25.4mm">` + `<g fill="#f00"><rect width="96" height="96"/>`,
		"an inner drawing":  whole + `<svg width="1in" height="1in"><rect width="300" height="300"/></svg>`,
	} {
		for _, order := range []binary.AppendByteOrder{nil, binary.LittleEndian, binary.BigEndian} {
			src := []byte(svgStart + body + "</g></svg>")
			if order != nil {
				src = utf16Of(src, order)
			}
			for _, width := range []int{192, 400} {
				m := view(t, e, src, fmt.Sprintf("%dx,f_png", width))
				if left, right := m.NRGBAAt(width/2-2, 20), m.NRGBAAt(width/2+1, 20); m.Rect.Dy() != width/2 || left != red || right.A != 0 {
					t.Errorf("%s, %d wide, order %v: %v and %v, in %v", name, width, order, left, right, m.Rect)
				}
			}
		}
	}
}

// utf16Of is an ASCII text in UTF-16 with a byte order mark.
func utf16Of(text []byte, order binary.AppendByteOrder) []byte {
	out := order.AppendUint16(nil, 0xfeff)
	for _, c := range text {
		out = order.AppendUint16(out, uint16(c))
	}
	return out
}

// TestDrawingRatio: a drawing whose sides are no whole pixels is scaled by what they are,
// and fills the result to its edges.
func TestDrawingRatio(t *testing.T) {
	t.Parallel()
	e := defaultEngine(t)
	for _, c := range []struct {
		attrs, ops string
		w, h       int
	}{
		{`viewBox="0 0 8.5 11"`, "500x", 500, 647},
		{`viewBox="0 0 8.5 11"`, "x500", 386, 500},
		{`viewBox="0 0 8.5 11"`, "dpr_1", 9, 11},
		{`viewBox="0 0 8.5 11"`, "300x300,fit_inside", 232, 300},
		{`viewBox="0 0 8.5 11"`, "200x100,fit_fill", 200, 100},
		{`viewBox="0 0 8.5 11"`, "100x,crop_0_0_100p_50p", 100, 71},
		{`viewBox="0 0 8.5 11" width="4.25in"`, "816x", 816, 1056},
		{`viewBox="0 0 0.3 0.4"`, "300x", 300, 400},
		{`viewBox="0 0 0.02 1.5"`, "4x", 4, 300},
		{`viewBox="0 0 1.5 1"`, "1000x", 1000, 667},
		{`width="2.4" height="1.4"`, "1200x", 1200, 700},
		{`width="210mm" height="297mm"`, "1000x", 1000, 1414},
		{`viewBox="0 0 1000.4 1000.4"`, "500x", 500, 500},
	} {
		src := []byte(svgStart + c.attrs + `><rect x="-9" y="-9" width="1999" height="1999" fill="#00f"/></svg>`)
		m := view(t, e, src, c.ops+",f_png,lossless")
		if m.Rect.Dx() != c.w || m.Rect.Dy() != c.h {
			t.Errorf("%s, %s: %v, want %dx%d", c.attrs, c.ops, m.Rect, c.w, c.h)
			continue
		}
		for _, at := range [][2]int{{0, 0}, {c.w - 1, 0}, {0, c.h - 1}, {c.w - 1, c.h - 1}} {
			if p := m.NRGBAAt(at[0], at[1]); off(p, color.NRGBA{0, 0, 255, 255}) > 2 {
				t.Errorf("%s, %s: %v at %v", c.attrs, c.ops, p, at)
			}
		}
	}
}
