package main

import (
	"fmt"

	"github.com/thumbery/thumbery/internal/testkit/odd"
)

// documents are drawings that others than us read.
func documents() []file {
	return []file{
		{"odd/viewbox.svg", "svg", 0, 0, "a drawing with no size but a viewBox of 200x100: red on the left, blue on the right", "200x100 by nature; at any size sharp in the middle", stored(func() ([]byte, error) {
			return []byte(svgHead + `viewBox="0 0 200 100"><rect width="100" height="100" fill="#f00"/><rect x="100" width="100" height="100" fill="#00f"/></svg>` + "\n"), nil
		})},
		{"odd/illustrator.svg", "svg", 100, 50, "entities for namespace and style, as old programs write them; red on the left, blue on the right", "drawn, with both colours", stored(illustratorSVG)},
		{"odd/hostile.svg", "svg", 100, 100, "green, with scripts, and pictures, styles, fonts and text from http://127.0.0.1:9/ and file:///etc/ on top", "green all over, and nothing was fetched", stored(func() ([]byte, error) {
			return odd.HostileSVG("http://127.0.0.1:9/", "file:///etc/passwd"), nil
		})},
		{"odd/laughs.svg", "svg", 0, 0, "entities of entities, a billion times \"laugh\"", "refused at once", stored(func() ([]byte, error) { return odd.Laughs(10), nil })},
		{"odd/uses.svg", "svg", 100, 100, "groups of groups, a billion squares", "refused, or stopped soon", stored(func() ([]byte, error) { return odd.Uses(10), nil })},
		{"odd/pages.pdf", "pdf", 200, 100, "two pages: 200x100, red on the left half and white on the right; 100x200, blue", "unless PDF is switched on not a picture; else the first page, or the one asked for", stored(pagesPDF)},
	}
}

const svgHead = `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" `

func illustratorSVG() ([]byte, error) {
	return []byte(`<?xml version="1.0" encoding="iso-8859-1"?>
<!-- Generator: a drawing program of 2005 -->
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" [
	<!ENTITY ns_svg "http://www.w3.org/2000/svg">
	<!ENTITY st0 "fill:#ff0000;">
	<!ENTITY st1 "fill:#0000ff;">
]>
<svg xmlns="&ns_svg;" width="100" height="50" viewBox="0 0 100 50">
	<rect style="&st0;" width="50" height="50"/>
	<rect style="&st1;" x="50" width="50" height="50"/>
</svg>
`), nil
}

// pagesPDF is written by hand, with a cross-reference table that is right.
func pagesPDF() ([]byte, error) {
	const left, all = "1 0 0 rg 0 0 100 100 re f", "0 0 1 rg 0 0 100 200 re f"
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R 5 0 R] /Count 2 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents 4 0 R /Resources << >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(left), left),
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 200] /Contents 6 0 R /Resources << >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(all), all),
	}
	out := []byte("%PDF-1.4\n")
	table := fmt.Appendf(nil, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for i, o := range objects {
		table = fmt.Appendf(table, "%010d 00000 n \n", len(out))
		out = fmt.Appendf(out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	at := len(out)
	out = append(out, table...)
	return fmt.Appendf(out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, at), nil
}
