package vips

import "github.com/thumbery/thumbery/variant"

// Watermark is a picture or a line of text that is put on results, by name.
type Watermark struct {
	Name string
	// Image is the content of a file, PNG, SVG, WebP or JPEG; or Text is what to
	// write, in the Font that Pango finds by that description, such as "sans bold".
	Image      []byte
	Text, Font string
	Color      variant.Color   // of the text
	Gravity    variant.Gravity // where it stands; not smart, nor focal
	Opacity    float64         // 0..1
	Scale      float64         // its width as part of the result's, 0..1; 0 for its natural size
	Tile       bool            // all over the result, again and again
	Margin     int             // distance from the edges, and between tiles, in pixels
}
