package settings

import (
	"fmt"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/values"
	"github.com/thumbery/thumbery/resize/watermark"
	"github.com/thumbery/thumbery/variant"
)

// ImageFlags say what derivatives look like.
type ImageFlags struct {
	Format        string                `enum:"keep,jpeg,auto" default:"keep" help:"Output format where the URL names none: keep the original's, jpeg, or auto, as if every URL had f_auto."`
	Auto          values.Auto           `default:"avif,jxl,webp" help:"What f_auto may choose besides JPEG and PNG, for clients that accept it: some of avif,jxl,webp, or none."`
	Adaptive      bool                  `serving:"" help:"Where f_auto chooses an AVIF or JPEG XL that is not cached, respond with WebP or JPEG at once, to be kept for a minute, and make the better one in the background."`
	AVIFMaxPixels values.Amount         `min:"1" name:"avif-max-pixels" default:"512Ki" help:"Largest picture, in pixels, for which f_auto chooses AVIF, which takes several times as long to make as WebP. Larger ones become JPEG XL or WebP."`
	JXLMaxPixels  values.Amount         `min:"1" name:"jxl-max-pixels" default:"1280Ki" help:"Largest picture, in pixels, for which f_auto chooses JPEG XL, which takes twice as long to make as WebP. Larger ones become WebP."`
	AVIFSpeed     int                   `min:"1" max:"9" name:"avif-speed" default:"${avif_speed}" help:"Speed of the AVIF encoder, from 1 (slow, fewer bytes) to 9 (fast)."`
	Quality       []values.Quality      `default:"jpeg=80,webp=79,avif=60,jxl=75" help:"Quality from 1 to 100 where the URL names none. The formats' scales differ: the defaults look about alike."`
	Light         string                `enum:"srgb,linear" default:"srgb" help:"Light in which results of up to 640 pixels a side are reduced: srgb, or linear, which is nearer to the original, and takes more CPU."`
	Sharpen       *bool                 `negatable:"" help:"Sharpen mildly what shrinks to a quarter of its width or less, up to 512x512, unless the URL has sharp, blur or pixel. On by default, but with --light linear."`
	ClientHints   bool                  `serving:"" help:"Let f_auto use client hints (Sec-CH-DPR, Sec-CH-Width, DPR, Width) where the URL has no dpr, or neither width nor height."`
	Watermark     []watermark.Watermark `placeholder:"NAME=FILE[,OPTION…]" sep:";" help:"Image, or NAME=text:WORDS, that the URL option wm_NAME puts on pictures. Options: g_se (position), opacity_50 and scale_25 (percent), margin_10 (pixels), tile; for text font_sans bold and color_ffffff. Repeatable; separate several by semicolons in the environment."`

	Mezzanine     int           `default:"${mezzanine}" help:"Longest side, roughly, of the mezzanine: a smaller copy that is kept of every large original, and that most derivatives are made of. 0 for none."`
	MezzanineOver values.Amount `default:"${mezzanine_over}" help:"Number of pixels above which an original gets a mezzanine."`

	OnBroken string `enum:"refuse,serve" default:"refuse" help:"What to do with truncated or damaged files: refuse them (422), or serve the readable part, uncached."`
	Fallback string `serving:"" complete:"file,redirect" placeholder:"redirect|FILE" help:"What to send when a picture cannot be made. redirect sends the browser to the original in S3 instead of a 503 (of a chain, to one of its backends, whether or not the original is there). This exposes originals to everyone who may see a derivative, even if presets or watermarks should protect them. An image file is sent in the size of the picture, with the status of the error."`
	Scans    string `enum:"needed,all" default:"needed" help:"What to decode of a progressive JPEG that becomes smaller: the scans that matter to the result (needed), or all, which takes up to twice the CPU, most for small results."`
	Engine   string `enum:"auto,bimg,vips" default:"auto" help:"What makes pictures: calls of libvips (vips), bimg wherever it can, or auto: bimg where it is as good."`
}

// minMezzanine is twice the least side that anything is made of.
const minMezzanine = 128

// Validate refuses a mezzanine that nothing could be made of.
func (f *ImageFlags) Validate() error {
	if f.Mezzanine != 0 && (f.Mezzanine < minMezzanine || f.Mezzanine > variant.MaxSide) {
		return fmt.Errorf("--mezzanine: must be from %d to %d, or 0 for none", minMezzanine, variant.MaxSide)
	}
	return nil
}

// OutputFormat is the output format where the URL names none.
func (f *ImageFlags) OutputFormat() variant.Format {
	switch f.Format {
	case "jpeg":
		return variant.JPEG
	case "auto":
		return variant.FormatAuto
	}
	return variant.FormatKeep
}

// Linear reports whether thumbnails are reduced in linear light.
func (f *ImageFlags) Linear() bool { return f.Light == "linear" }

// Sharpens is --sharpen, by default on unless --light linear, which leaves nothing to make up for.
func (f *ImageFlags) Sharpens() bool {
	if f.Sharpen == nil {
		return !f.Linear()
	}
	return *f.Sharpen
}
