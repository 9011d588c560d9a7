package odd

import (
	"bytes"
	"fmt"
)

// Laughs is an SVG of so many entities, at most ten, of which each is ten times
// the one before: ten of them make a text of a billion times "laugh".
func Laughs(levels int) []byte {
	var b bytes.Buffer
	b.WriteString("<?xml version=\"1.0\"?>\n<!DOCTYPE svg [\n<!ENTITY l0 \"laugh\">\n")
	for i := 1; i < levels; i++ {
		ten := bytes.Repeat(fmt.Appendf(nil, "&l%d;", i-1), 10)
		fmt.Fprintf(&b, "<!ENTITY l%d \"%s\">\n", i, ten)
	}
	fmt.Fprintf(&b, "]>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"100\" height=\"100\"><text y=\"20\">&l%d;</text></svg>\n", levels-1)
	return b.Bytes()
}

// Uses is an SVG of so many groups, of which each shows the one before ten
// times: there are no entities in it, and the renderer has to notice.
func Uses(levels int) []byte {
	var b bytes.Buffer
	b.WriteString(svgStart + `<defs><g id="u0"><rect width="1" height="1"/></g>` + "\n")
	for i := 1; i < levels; i++ {
		ten := bytes.Repeat(fmt.Appendf(nil, `<use xlink:href="#u%d"/>`, i-1), 10)
		fmt.Fprintf(&b, "<g id=\"u%d\">%s</g>\n", i, ten)
	}
	fmt.Fprintf(&b, "</defs><use xlink:href=\"#u%d\"/></svg>\n", levels-1)
	return b.Bytes()
}

const svgStart = `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="100" height="100">`

// HostileSVG is a green square of 100x100 that asks in every way that SVG knows
// for pictures, styles, fonts and text below base, an http:// address that ends
// in a slash, and for file, a file:// address. Whatever comes of it would be drawn
// over the green, in black or as it is.
func HostileSVG(base, file string) []byte {
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet type="text/css" href="%[1]ssheet.css"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xi="http://www.w3.org/2001/XInclude" width="100" height="100" onload="document.documentElement.innerHTML=''">
<style>
@import url("%[1]simport.css");
@import url("%[2]s");
@font-face { font-family: away; src: url("%[1]sfont.woff2"); }
</style>
<script>document.documentElement.innerHTML = ''; fetch("%[1]sscript")</script>
<script xlink:href="%[1]sscript.js"/>
<rect width="100" height="100" fill="#008000"/>
<image xlink:href="%[1]spicture.png" width="50" height="50"/>
<image href="%[1]spicture.jpg" x="50" width="50" height="50"/>
<image xlink:href="%[2]s" y="50" width="50" height="50"/>
<use xlink:href="%[1]suse.svg#a"/>
<use href="%[2]s#a"/>
<filter id="f"><feImage xlink:href="%[1]sfilter.png"/></filter>
<rect x="60" y="60" width="9" height="9" filter="url(#f)" fill="none"/>
<rect x="70" y="60" width="9" height="9" fill="url(%[1]spaint.svg#a) none"/>
<text y="80" font-size="20"><xi:include href="%[2]s" parse="text"/></text>
<text y="95" font-size="20"><xi:include href="%[1]sinclude.txt" parse="text"/></text>
<foreignObject width="100" height="100"><iframe xmlns="http://www.w3.org/1999/xhtml" src="%[1]sframe.html"/></foreignObject>
</svg>
`, base, file)
}
