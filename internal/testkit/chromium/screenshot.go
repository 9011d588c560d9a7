package chromium

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Screenshot is the part of the page that is visible. If THUMBERY_SCREENSHOTS is a directory,
// it is also kept there, under a name.
func (p *Page) Screenshot(name string) image.Image {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	data, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	if dir := os.Getenv("THUMBERY_SCREENSHOTS"); dir != "" {
		if err := os.WriteFile(dir+"/"+name+".png", data, 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		p.t.Fatal(err)
	}
	return picture
}

// Save writes what is visible of the page to a file, as WebP.
func (p *Page) Save(path string) {
	p.t.Helper()
	shot, err := chromedp.Call(p.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatWebp, Quality: new(int64(80))})
	if err == nil {
		err = os.WriteFile(path, shot.Data, 0o644)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// Place is where the first element of a selector is, in CSS pixels of what is visible, after
// scrolling to it.
func (p *Page) Place(selector string) image.Rectangle {
	p.t.Helper()
	at := Eval[[4]float64](p, fmt.Sprintf(`(() => {
		const element = document.querySelector(%s);
		element.scrollIntoView({ block: "center", behavior: "instant" });
		const { left, top, right, bottom } = element.getBoundingClientRect();
		return [left, top, right, bottom];
	})()`, quoted(selector)))
	return image.Rect(int(at[0]), int(at[1]), int(at[2]), int(at[3]))
}

// Colours is how many different colours a part of a picture has, in steps of 16. What is blank
// has one.
func Colours(picture image.Image, in image.Rectangle) int {
	seen := map[[3]uint32]bool{}
	in = in.Intersect(picture.Bounds())
	for y := in.Min.Y; y < in.Max.Y; y++ {
		for x := in.Min.X; x < in.Max.X; x++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			seen[[3]uint32{r >> 12, g >> 12, b >> 12}] = true
		}
	}
	return len(seen)
}

// Ink is the share of the pixels of a part of a picture, from 0 to 1, that do not have its most
// frequent colour.
func Ink(picture image.Image, in image.Rectangle) float64 {
	in = in.Intersect(picture.Bounds())
	counts, most, all := map[[3]uint32]int{}, 0, 0
	for y := in.Min.Y; y < in.Max.Y; y++ {
		for x := in.Min.X; x < in.Max.X; x++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			colour := [3]uint32{r >> 12, g >> 12, b >> 12}
			counts[colour]++
			most, all = max(most, counts[colour]), all+1
		}
	}
	if all == 0 {
		return 0
	}
	return 1 - float64(most)/float64(all)
}
