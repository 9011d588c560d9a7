// Package hostile has files that are made to harm an image server, says which answers to
// them are right, and makes more by damaging honest ones.
package hostile

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"slices"

	"github.com/thumbery/thumbery/internal/testkit/odd"
)

// File is a hostile file and the requests for it.
type File struct {
	Name    string // with the extension of its format, unique
	Kind    string // what is hostile about it, in some words
	Options string // in the URL
	// Right are the statuses that are right, besides 503 for what took too long, whether
	// or not the format is read.
	Right []int
	Data  func() ([]byte, error)
}

// Answered reports whether an answer with that status is right.
func (f File) Answered(status int) bool {
	return status == http.StatusServiceUnavailable || slices.Contains(f.Right, status)
}

// What is right.
var (
	refused  = []int{http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity}
	answered = []int{http.StatusOK, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity}
	// crashes is for what ends the process that decodes it, which is the server's failure
	// until it has happened twice.
	crashes = []int{http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusInternalServerError}
)

// Corpus returns all of them. Their Data reads small files from testdata, the
// directory of the repository.
func Corpus(testdata fs.FS) []File {
	return slices.Concat(drawings(testdata), codestreams(testdata), pngs(), tiffs(testdata), heifs(testdata), jpegs(), movingPictures(), otherFormats(testdata), urls())
}

// made is Data of what is made without fail.
func made(make func() []byte) func() ([]byte, error) {
	return func() ([]byte, error) { return make(), nil }
}

func stored(testdata fs.FS, name string) func() ([]byte, error) {
	return func() ([]byte, error) { return fs.ReadFile(testdata, name) }
}

// first is the first half of a file.
func first(data func() ([]byte, error)) func() ([]byte, error) {
	return func() ([]byte, error) {
		b, err := data()
		return b[:len(b)/2], err
	}
}

// noise is a JPEG of coloured noise.
func noise(w, h int) ([]byte, error) {
	random := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := random.Uint32()
			m.SetRGBA(x, y, color.RGBA{R: byte(c), G: byte(c >> 8), B: byte(c >> 16), A: 255})
		}
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, m, nil)
	return b.Bytes(), err
}

func jpegs() []File {
	return []File{
		{"scans-2000.jpg", "a pass over the picture for each 16 bytes", "100x", refused, made(func() []byte { return odd.ManyScans(1000, 1000, 2000) })},
		{"scans-31.jpg", "as many passes as are let through, of 81 megapixels", "100x", answered, made(func() []byte { return odd.ManyScans(9000, 9000, 31) })},
		{"long-rows.jpg", "rows of 65500 pixels", "100x", answered, made(func() []byte { return odd.ManyScans(65500, 1500, 1) })},
		{"long-columns.jpg", "columns of 65500 pixels, turned", "100x,rot_90", answered, made(func() []byte { return odd.ManyScans(1500, 65500, 1) })},
	}
}

func movingPictures() []File {
	return []File{
		{"frames-100000.gif", "100,000 frames of 23 bytes", "100x", refused, made(func() []byte { return odd.ManyFrames(100_000) })},
		{"frames-500.gif", "500 frames of a pixel on a screen of 219x219", "f_gif", answered, made(func() []byte { return odd.FramesOn(219, 219, 500) })},
		{"screen.gif", "a frame of a pixel on a screen of 65535x1500", "100x,f_png", answered, made(func() []byte { return odd.FramesOn(65535, 1500, 1) })},
		{"frames.webp", "8 frames of a pixel on a canvas of 4000x3000", "1000x,f_webp", answered, made(func() []byte { return odd.FramesWebP(4000, 3000, 8) })},
		{"canvas.webp", "a frame of a pixel on a canvas of 16383x6000", "100x,f_png", answered, made(func() []byte { return odd.FramesWebP(16383, 6000, 1) })},
		{"frames-100000.webp", "100,000 frames of 58 bytes", "100x", refused, made(func() []byte { return odd.FramesWebP(100, 100, 100_000) })},
	}
}

func otherFormats(testdata fs.FS) []File {
	wide, zero := stored(testdata, "hostile/wide.jxl"), made(func() []byte { return odd.ZeroWebP(16383, 6000) })
	return []File{
		{"zero.webp", "98 megapixels in 30 bytes", "100x", answered, zero},
		{"wide.jxl", "90 megapixels in 3.6 kB", "100x", answered, wide},
		{"half.jxl", "half of it", "100x", refused, first(wide)},
		{"channels.jxl", "4,096 extra channels", "100x", refused, made(func() []byte { return odd.ManyChannels(5000, 5000, 4096) })},
	}
}

// urls are honest pictures with options that cost much.
func urls() []File {
	small := func() ([]byte, error) { return noise(1000, 1000) }
	large := func() ([]byte, error) { return noise(2000, 1500) }
	heavy := func(name, kind, options string) File { return File{name, kind, options, answered, small} }
	strip := func() ([]byte, error) { return noise(1023, 3) }
	return []File{
		heavy("lossless.jpg", "a large lossless WebP of noise", "2800x2800,up_1,f_webp,lossless"),
		heavy("avif.jpg", "a large AVIF of noise", "2800x2800,up_1,f_avif,q_100"),
		heavy("jxl.jpg", "a large JPEG XL of noise", "2800x2800,up_1,f_jxl,q_100"),
		heavy("blur.jpg", "the widest blur of a large result", "4000x4000,up_1,blur_100"),
		heavy("sharpen.jpg", "all effects of a large result", "4000x4000,up_1,sharp_10,bright_9,contrast_9,sat_9,rot_90,round_999,f_png"),
		heavy("bytes.jpg", "the best quality that fits", "2000x2000,up_1,f_avif,bytes_100"),
		heavy("palette.jpg", "a large GIF of noise", "2800x2800,up_1,f_gif"),
		heavy("largest.jpg", "the largest result", "16383x16383,up_1"),
		{"enlarged.jpg", "a pixel enlarged to a million", "1000x,up_1,crop_0_0_1_1", answered, large},
		{"stretched.jpg", "a pixel enlarged to a strip", "2664x8,up_1,crop_0_0_1_1", answered, strip},
	}
}

func drawings(testdata fs.FS) []File {
	const blur = `<feGaussianBlur stdDeviation="40"/>`
	const displace = `<feDisplacementMap in="SourceGraphic" in2="SourceGraphic" scale="50"/>`
	svg := func(name, kind, options string, right []int, make func() []byte) File {
		return File{name, kind, options, right, made(make)}
	}
	bomb := func() []byte { return odd.PNG{Width: 24000, Height: 24000, Depth: 1}.Encode() }
	return []File{
		svg("crash.svg", "a font size that librsvg aborts over", "100x", crashes, func() []byte { return odd.FontSize("99999999999") }),
		svg("blur10.svg", "ten blurs at 4000 pixels", "4000x", answered, func() []byte { return odd.Filtered(10, blur, 1) }),
		svg("use3.svg", "a thousand blurs", "1000x", answered, func() []byte { return odd.FilteredUses(4) }),
		svg("displace.svg", "200 displacement maps", "1000x", answered, func() []byte { return odd.Filtered(1, displace, 200) }),
		svg("chain300.svg", "300 blurs of each other", "1000x", answered, func() []byte { return odd.Filtered(1, blur, 300) }),
		svg("mask200.svg", "200 masks in each other", "2000x", answered, func() []byte { return odd.Masks(200) }),
		svg("elements.svg", "10 MB of open elements", "100x", refused, func() []byte { return odd.OpenElements(10_000_000) }),
		svg("embedded.svg", "576 megapixels in a data URI", "100x", answered, func() []byte {
			return bytes.Replace(odd.Embedding("image/png", bomb()), []byte("DATA:"), []byte("data:"), 1)
		}),
		svg("capitals.svg", "576 megapixels in a data URI in capitals", "100x", answered, func() []byte { return odd.Embedding("image/png", bomb()) }),
		svg("laughs.svg", "entities of entities", "100x", refused, func() []byte { return odd.Laughs(10) }),
		{"pages.pdf", "a PDF", "100x", answered, stored(testdata, "odd/pages.pdf")},
	}
}

func codestreams(testdata fs.FS) []File {
	return []File{
		{"tiles.j2k", "65,025 tiles of 16 components", "100x", answered, made(func() []byte { return odd.ManyTiles(510, 16) })},
		{"palette.jp2", "a heap overflow in OpenJPEG", "f_png", refused, stored(testdata, "hostile/palette.jp2")},
		{"offset.jp2", "memory of another picture", "f_png", refused, stored(testdata, "hostile/offset.jp2")},
		{"leak.jp2", "memory of another picture", "f_png", refused, stored(testdata, "hostile/leak.jp2")},
	}
}

// numbered is a name for the n-th of a kind.
func numbered(kind string, n int, extension string) string {
	return fmt.Sprintf("%s-%d.%s", kind, n, extension)
}
