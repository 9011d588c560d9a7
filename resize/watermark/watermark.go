// Package watermark reads what pictures can be stamped with: an image or a line of
// text, by name. An engine draws it.
package watermark

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// Watermark is an image or a line of text that is put on results, by name.
type Watermark struct {
	Name string
	// File is that of Image, which Load reads.
	File string `json:"-"`
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

// maxBytes is more than a logo has.
const maxBytes = 16 << 20

// Load reads the image of File, if there is one. SVGs are taken if they are among the
// formats that pictures are made of.
func (w *Watermark) Load(formats header.Formats) error {
	if w.File == "" {
		return nil
	}
	f, err := os.Open(w.File)
	if err != nil {
		return err
	}
	defer f.Close()
	image, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return err
	}
	if len(image) > maxBytes {
		return fmt.Errorf("%s has more than %d bytes", w.File, maxBytes)
	}
	if !readable(image, formats) {
		return fmt.Errorf("%s is no PNG, WebP or JPEG that can be read, nor, where that is read, an SVG", w.File)
	}
	w.Image = image
	return nil
}

// readable reports whether an image can be a watermark. Whether an SVG can be drawn is
// for the engine to say, which draws each watermark as it starts.
func readable(image []byte, formats header.Formats) bool {
	formats = header.FormatsOf(variant.PNG, variant.WebP, variant.JPEG) | formats&header.FormatsOf(variant.SVG)
	f, err := header.Identify(image, formats)
	if err == nil && !header.Probed.Has(f) {
		_, err = header.Inspect(context.Background(), bytes.NewReader(image), int64(len(image)), formats)
	}
	return err == nil
}

// Fingerprint changes with everything that decides how a watermark looks. It is part
// of names in the cache.
func (w Watermark) Fingerprint() string {
	text, err := json.Marshal(w)
	if err != nil {
		panic(err) // strings, numbers and bytes always marshal
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}
