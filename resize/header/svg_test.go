package header_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// The sizes are those of svgload in libvips 8.14 on librsvg 2.54, but where it
// refuses or measures what is drawn: there our own estimate stands.
func TestInspectSVG(t *testing.T) {
	t.Parallel()
	const box = `viewBox="0 0 200 100" `
	for _, c := range []struct {
		attrs string
		w, h  int
	}{
		{`width="40" height="30"`, 40, 30},
		{`width="40px" height="30Px"`, 40, 30},
		{`width=" 40 " height=" 30px "`, 40, 30},
		{`width="40.4" height="30.5"`, 40, 31},
		{`width="40.001" height="30.499"`, 40, 30},
		{`width="1.5" height="2.5"`, 2, 3},
		{`width="72pt" height="36pt"`, 72, 36},
		{`width="1in" height="2in"`, 72, 144},
		{`width=".5in" height="+30"`, 36, 30},
		{`width="25.4mm" height="2.54cm"`, 72, 72},
		{`width="1IN" height="30MM"`, 72, 85},
		{`width="10pc" height="6pc"`, 120, 72},
		{`width="10em" height="5em"`, 120, 60},
		{`width="10ex" height="5ex"`, 60, 30},
		{`width="10em" height="5em" font-size="20"`, 200, 100},
		{`width="10em" height="5em" style="font-size:20px"`, 200, 100},
		{`width="1e3" height="2e2"`, 1000, 200},
		{`width="40000" height="40000"`, 40000, 40000},
		{`x:width="99" width="40" height="30" x:height="99"`, 40, 30},
		{box, 200, 100},
		{`viewBox="10,10 , 200.5 100.4"`, 201, 100},
		{box + `width="50%" height="50%"`, 200, 100},
		{box + `width="50%" height="100"`, 200, 100},
		{box + `width="100" height="50%"`, 100, 50},
		{box + `width="50"`, 50, 25},
		{box + `height="50"`, 100, 50},
		{box + `width="1in"`, 72, 36},
		{box + `width="50" height="auto"`, 50, 25},
		{box + `width="auto" height="auto"`, 200, 100},
		{box + `width="-10" height="30"`, 60, 30},
		{box + `width="abc" height="30"`, 60, 30},
		{box + `style="width:70px;height:60px"`, 70, 60},
		{`style="height:60px; WIDTH : 70px" width="20" height="10"`, 70, 60},
		{`width="40" height="30" viewBox="0 0 0 0"`, 40, 30},

		{``, 300, 150},
		{`width="100%" height="NaN"`, 300, 150},
		{`width="0x10" height="1_0"`, 300, 150},
		{`width="50"`, 300, 150},
		{`width="10rem" height="5q"`, 300, 150},
		{`width="0.1" height="0.2"`, 1, 1},
	} {
		for _, src := range []string{"<svg " + c.attrs + "/>", "\xef\xbb\xbf \n<svg\n" + strings.ReplaceAll(c.attrs, `"`, `'`) + "><g/></svg>\n<!-- end -->"} {
			h, err := inspect([]byte(src))
			want := header.Header{Format: variant.SVG, Width: c.w, Height: c.h, Orientation: 1, Pages: 1, Depth: 8, Alpha: true}
			if err != nil || h != want {
				t.Errorf("%s: %+v, %v, want %dx%d", src, h, err, c.w, c.h)
			}
		}
	}
}

func TestInspectSVGMarkup(t *testing.T) {
	t.Parallel()
	const head, foot = `<svg width="40" height="30">`, `</svg>`
	entity := `<!DOCTYPE svg [<!ENTITY a "` + strings.Repeat("x", 1000) + `">]>`
	for _, c := range []struct {
		name, src string
		want      error
	}{
		{"declared in Latin 1", `<?xml version="1.0" encoding="ISO-8859-1"?>` + head + foot, nil},
		{"a comment, a doctype", `<?xml version='1.0' encoding='utf-8'?><!-- > --><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">` + head + foot, nil},
		{"Illustrator's entities", "<?xml version=\"1.0\"?><!DOCTYPE svg PUBLIC \"a\" \"b\" [\n<!ENTITY ns_svg \"http://www.w3.org/2000/svg\">\n\t<!ENTITY st0 'fill:none;'>\n] >" + head + foot, nil},
		{"an empty subset", `<!DOCTYPE svg []>` + head + foot, nil},
		{"entities used a little", entity + head + strings.Repeat("&a;", 1000) + foot, nil},
		{"markup in comments and data", head + `<!--> <g><g> --><![CDATA[ <g> ]]]]><?x <g> ?><g a="/>" b='<'/>` + foot, nil},
		{"many levels", head + strings.Repeat("<g>", 255) + strings.Repeat("</g>", 255) + foot, nil},

		{"the root is not over", `<svg width="40" `, header.ErrBroken},
		{"another root", `<?xml version="1.0"?><rss width="40"></rss>`, header.ErrNotPicture},
		{"no root", `<?xml version="1.0"?><!-- svg -->`, header.ErrNotPicture},
		{"cut in a tag", head + `<g fill="`, header.ErrBroken},
		{"cut between tags", head + `<g></g>`, header.ErrBroken},
		{"cut in a comment", head + `<!-- ` + foot, header.ErrBroken},
		{"cut after a bracket", head + foot + "<", header.ErrBroken},
		{"an entity of entities", `<!DOCTYPE svg [<!ENTITY a "b"><!ENTITY c "&a;&a;">]>` + head + foot, header.ErrBroken},
		{"an entity from a file", `<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>` + head + `<text>&a;</text>` + foot, header.ErrBroken},
		{"a parameter entity", `<!DOCTYPE svg [<!ENTITY % a "b"> %a;]>` + head + foot, header.ErrBroken},
		{"an entity by number", `<!DOCTYPE svg [<!ENTITY a "&#60;g>">]>` + head + foot, header.ErrBroken},
		{"attributes by default", `<!DOCTYPE svg [<!ATTLIST svg width CDATA "60000">]>` + head + foot, header.ErrBroken},
		{"an instruction in the subset", `<!DOCTYPE svg [<?x > ?> <!ENTITY a "&a;">]>` + head + foot, header.ErrBroken},
		{"a declaration outside", `<!-- --><!ENTITY a "b">` + head + foot, header.ErrBroken},
		{"UTF-7", `<?xml version="1.0" encoding="UTF-7"?>` + head + foot, header.ErrBroken},
		{"no encoding", `<?xml version="1.0" encoding=""?>` + head + foot, header.ErrBroken},
		{"entities used too much", entity + head + strings.Repeat("&a;", 11000) + foot, header.ErrTooLarge},
		{"entities in attributes", entity + head + strings.Repeat("<g a='&a;&a;&a;&a;'/>", 3000) + foot, header.ErrTooLarge},
		{"a long entity", `<!DOCTYPE svg [<!ENTITY a "` + strings.Repeat("x", 1025) + `">]>` + head + foot, header.ErrTooLarge},
		{"too many levels", head + strings.Repeat("<g>", 256) + strings.Repeat("</g>", 256) + foot, header.ErrTooLarge},
		{"too many elements", head + strings.Repeat("<g/>", 140_000) + foot, header.ErrTooLarge},
		{"too long", head + strings.Repeat("          ", 1<<20) + foot, header.ErrTooLarge},
	} {
		h, err := inspect([]byte(c.src))
		if !errors.Is(err, c.want) || err == nil && h.Width != 40 || err != nil && h != (header.Header{}) {
			t.Errorf("%s: %+v, %v, want %v", c.name, h, err, c.want)
		}
	}
}
