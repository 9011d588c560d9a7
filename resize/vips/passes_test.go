package vips

import (
	"reflect"
	"testing"

	"github.com/h2non/bimg"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

func TestNewPasses(t *testing.T) {
	white := variant.Color{R: 255, G: 255, B: 255, A: 255, Set: true}
	scale := func(change func(*bimg.Options)) bimg.Options {
		o := bimg.Options{
			Width: 300, Height: 225, Force: true, Crop: true, NoAutoRotate: true, Extend: bimg.ExtendCopy,
		}
		change(&o)
		return o
	}
	plan := func(f variant.Format, change func(*resize.Plan)) resize.Plan {
		p := resize.Plan{
			ScaledW: 300, ScaledH: 225, Cut: resize.Rect{Width: 300, Height: 225}, CanvasW: 300, CanvasH: 225,
			Background: white, Output: resize.Output{Format: f, Quality: 71},
		}
		if change != nil {
			change(&p)
		}
		return p
	}
	upright := resize.Header{Format: variant.JPEG, Width: 800, Height: 600, Orientation: 1}
	turned, alpha, profile, cmyk := upright, upright, upright, upright
	turned.Orientation, alpha.Alpha, profile.ICC = 6, true, true
	cmyk.ICC, cmyk.CMYK = true, true
	letterbox := func(p *resize.Plan) { p.CanvasH, p.OffsetY = 300, 37 }
	cut := func(p *resize.Plan) {
		p.Cut = resize.Rect{Left: 10, Top: 20, Width: 90, Height: 80}
		p.CanvasW, p.CanvasH = 90, 80
	}
	for _, c := range []struct {
		name string
		h    resize.Header
		p    resize.Plan
		want passes
	}{
		{"jpeg", upright, plan(variant.JPEG, nil), passes{first: scale(func(o *bimg.Options) {
			o.Type, o.Quality, o.StripMetadata, o.Interlace = bimg.JPEG, 71, true, true
		})}},
		{"a cut", upright, plan(variant.WebP, cut), passes{first: scale(func(o *bimg.Options) {
			o.Type, o.Quality, o.StripMetadata = bimg.WEBP, 71, true
			o.Left, o.Top, o.AreaWidth, o.AreaHeight = 10, 20, 90, 80
		})}},
		{"avif", upright, plan(variant.AVIF, nil), passes{first: scale(func(o *bimg.Options) {
			o.Type, o.Quality, o.StripMetadata, o.Speed = bimg.AVIF, 71, true, 7
		})}},
		{"a profile", profile, plan(variant.PNG, nil), passes{first: scale(func(o *bimg.Options) {
			o.Type, o.Quality, o.StripMetadata, o.Compression, o.OutputICC = bimg.PNG, 71, true, 6, "srgb"
		})}},
		{"CMYK", cmyk, plan(variant.PNG, nil), passes{first: scale(func(o *bimg.Options) {
			o.Type, o.Quality, o.StripMetadata, o.Compression = bimg.PNG, 71, true, 6
		})}},
		{"turned", turned, plan(variant.GIF, cut), passes{
			first: scale(func(o *bimg.Options) {
				o.Type, o.Width, o.Height = bimg.TIFF, 225, 300
				o.Left, o.Top, o.AreaWidth, o.AreaHeight = 20, 200, 80, 90
			}),
			finish: true,
			last:   bimg.Options{Type: bimg.GIF, Quality: 71, StripMetadata: true, NoAutoRotate: true},
		}},
		{"letterboxed", upright, plan(variant.WebP, letterbox), passes{
			first:  scale(func(o *bimg.Options) { o.Type = bimg.TIFF }),
			finish: true,
			last:   bimg.Options{Type: bimg.WEBP, Quality: 71, StripMetadata: true, NoAutoRotate: true},
		}},
		{"flattened", alpha, plan(variant.WebP, nil), passes{
			first:  scale(func(o *bimg.Options) { o.Type = bimg.TIFF }),
			finish: true,
			last:   bimg.Options{Type: bimg.WEBP, Quality: 71, StripMetadata: true, NoAutoRotate: true},
		}},
		{"alpha kept", alpha, plan(variant.WebP, func(p *resize.Plan) { p.Background = variant.Color{} }), passes{
			first: scale(func(o *bimg.Options) { o.Type, o.Quality, o.StripMetadata = bimg.WEBP, 71, true }),
		}},
	} {
		if got := newPasses(c.h, c.p); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", c.name, got, c.want)
		}
	}
}
