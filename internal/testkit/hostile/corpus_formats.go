package hostile

import (
	"io/fs"
	"slices"

	"github.com/thumbery/thumbery/internal/testkit/odd"
)

func pngs() []File {
	texts := func(n int) func() ([]byte, error) {
		return made(func() []byte {
			text := odd.Inflating("zTXt", "k", 7_900_000)
			return odd.PNG{Width: 100, Height: 100, Depth: 8, Colour: odd.PNGRGB, Before: slices.Repeat([][]byte{text}, n)}.Encode()
		})
	}
	before := func(name, keyword string) func() ([]byte, error) {
		return made(func() []byte {
			chunk := odd.Inflating(name, keyword, 200_000_000)
			return odd.PNG{Width: 100, Height: 100, Depth: 8, Colour: odd.PNGRGB, Before: [][]byte{chunk}}.Encode()
		})
	}
	of := func(name, kind string, p odd.PNG) File {
		return File{name, kind, "100x", answered, made(p.Encode)}
	}
	return []File{
		{numbered("texts", 50, "png"), "50 zTXt of 7.9 MB", "50x", answered, texts(50)},
		{numbered("texts", 1000, "png"), "1,000 zTXt of 7.9 MB", "50x", answered, texts(1000)},
		{"text.png", "an iTXt of 200 MB", "50x", answered, before("iTXt", "Comment")},
		{"profile.png", "a profile of 200 MB", "50x", answered, before("iCCP", "ICC")},
		of("interlaced.png", "90 megapixels, interlaced", odd.PNG{Width: 30000, Height: 3000, Depth: 8, Colour: odd.PNGRGB, Interlaced: true}),
		of("interlaced-deep.png", "90 megapixels of 8 bytes, interlaced", odd.PNG{Width: 30000, Height: 3000, Depth: 16, Colour: odd.PNGRGBA, Interlaced: true}),
		of("deep.png", "99 megapixels of 8 bytes", odd.PNG{Width: 33000, Height: 3000, Depth: 16, Colour: odd.PNGRGBA}),
		of("bits.png", "99 megapixels of one bit, interlaced", odd.PNG{Width: 33000, Height: 3000, Depth: 1, Interlaced: true}),
		of("rows.png", "rows of 9,999,999 pixels of 8 bytes", odd.PNG{Width: 9_999_999, Height: 9, Depth: 16, Colour: odd.PNGRGBA}),
	}
}

func tiffs(testdata fs.FS) []File {
	zeros := func(name, kind string, right []int, w, h, samples, bits, format, rows int) File {
		return File{name, kind, "100x,f_png", right, made(func() []byte { return odd.ZeroTIFF(w, h, samples, bits, format, rows) })}
	}
	pages := func(name, kind string, n int, loops bool, options string) File {
		return File{name, kind, options, answered, made(func() []byte { return odd.PagesTIFF(n, loops) })}
	}
	const unsigned, float = 1, 3
	return []File{
		zeros("floats-wide.tif", "9,999,999x10 pixels of 16 floats", refused, 9_999_999, 10, 16, 32, float, 1),
		zeros("doubles.tif", "32 bytes a pixel", refused, 3000, 3000, 4, 64, float, 16),
		zeros("bands.tif", "90 bands", refused, 1000, 1000, 90, 8, unsigned, 16),
		zeros("strip.tif", "a strip of 243 MB", answered, 9000, 9000, 3, 8, unsigned, 9000),
		zeros("strips.tif", "65,000 strips of 1,500 pixels", answered, 1500, 65000, 1, 8, unsigned, 1),
		zeros("floats.tif", "four floats a pixel", answered, 111, 80, 4, 32, float, 8),
		zeros("float-grey.tif", "a float a pixel", answered, 111, 80, 1, 32, float, 8),
		zeros("deep.tif", "96 megapixels of 8 bytes", answered, 32000, 3000, 4, 16, unsigned, 16),
		{"side.tif", "a side over 65,535", "100x", refused, made(func() []byte { return odd.ZeroTIFF(70_000, 3, 3, 8, unsigned, 1) })},
		{"tile.tif", "a tile of 98 MB", "100x", refused, made(func() []byte { return odd.TileTIFF(65000, 1500, 65024, 1504) })},
		pages("loop.tif", "directories in a ring", 3, true, "100x"),
		pages("loop-page.tif", "the last of them", 3, true, "100x,page_3"),
		pages("directories.tif", "60,000 directories", 60_000, false, "100x,page_60000"),
		{"jpeg2000.tif", "JPEG 2000 in a TIFF", "40x", refused, stored(testdata, "hostile/grey-tiff-rgb-jp2.tif")},
	}
}

func heifs(testdata fs.FS) []File {
	lie, crop := stored(testdata, "hostile/lie8k.heic"), stored(testdata, "hostile/crop64.heic")
	large, scene := stored(testdata, "hostile/large.avif"), stored(testdata, "odd/scene.avif")
	said := func(data func() ([]byte, error), w, h int) func() ([]byte, error) {
		return func() ([]byte, error) {
			b, err := data()
			return odd.SaidSize(b, w, h), err
		}
	}
	grid := func(data func() ([]byte, error), g odd.Grid) func() ([]byte, error) {
		return func() ([]byte, error) {
			b, err := data()
			if err != nil {
				return nil, err
			}
			return g.Of(b)
		}
	}
	within := func() ([]byte, error) {
		codes, err := crop()
		if err != nil {
			return nil, err
		}
		says, err := stored(testdata, "odd/scene.heic")()
		if err != nil {
			return nil, err
		}
		return odd.Grid{Columns: 1, Rows: 1, Width: 480, Height: 320}.InBand(says, codes)
	}
	return []File{
		{"lie8k.heic", "says 64x64, codes 8192x8192", "60x", refused, lie},
		{"crop64.heic", "shows 64x64 of 8192x8192", "60x", refused, crop},
		{"within.heic", "says 480x320 outside, and 8192x8192 within the coded picture", "60x", refused, within},
		{numbered("grid", 36, "heic"), "36 tiles that show 64x64 of 8192x8192", "60x", refused, grid(crop, odd.Grid{Columns: 6, Rows: 6, Width: 64, Height: 64})},
		{numbered("grid", 3600, "heic"), "3,600 of them", "60x", refused, grid(crop, odd.Grid{Columns: 60, Rows: 60, Width: 64, Height: 64})},
		{"large.heic", "67 megapixels in 16 kB", "60x", answered, said(lie, 8192, 8192)},
		{"half.heic", "half of it", "60x", answered, first(said(lie, 8192, 8192))},
		{"large.avif", "88 megapixels in 2.5 kB", "60x", answered, large},
		{"half.avif", "half of it", "60x", answered, first(large)},
		{"lie.avif", "says 64x64, codes 9400x9400", "60x", refused, said(large, 64, 64)},
		{"grid.avif", "3,600 tiles that say 16x16, and code 480x320", "60x", answered, grid(scene, odd.Grid{Columns: 60, Rows: 60, Width: 16, Height: 16})},
		{"grid-honest.avif", "625 tiles of 480x320, in 4 kB", "60x", answered, grid(scene, odd.Grid{Columns: 25, Rows: 25, Width: 480, Height: 320})},
	}
}
