package header_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/thumbery/thumbery/resize/header"
)

// TestInspectOdd looks at the odd pictures that all packages test with, as
// testdata/README.md describes them: width, height, orientation, pages, depth,
// and what is special. Sizes, pages and alpha are what vipsheader of libvips
// 8.14 says, too.
func TestInspectOdd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, want string }{
		{"16bit-p3.png", "png 384x288 o1 p1 d16 icc"},
		{"16bit.png", "png 256x192 o1 p1 d16"},
		{"1x1.jpg", "jpeg 1x1 o1 p1 d8"},
		{"1x1.png", "png 1x1 o1 p1 d8"},
		{"adobe-rgb.jpg", "jpeg 384x288 o1 p1 d8 icc"},
		{"alpha-10bit.avif", "avif 96x64 o1 p1 d10 alpha icc"},
		{"alpha-5.avif", "avif 64x96 o5 p1 d8 alpha"},
		{"alpha-cut.avif", "avif 64x96 o8 p1 d8 alpha cut 30,10 of 100x120"},
		{"alpha-premultiplied.avif", "avif 96x64 o1 p1 d8 alpha premultiplied"},
		{"alpha-shared.heic", "heic 96x64 o1 p1 d8 alpha"},
		{"alpha.png", "png 256x256 o1 p1 d8 alpha"},
		{"alpha.webp", "webp 256x256 o1 p1 d8 alpha"},
		{"animated.gif", "gif 192x144 o1 p12 d8 alpha"},
		{"animated.webp", "webp 192x144 o1 p12 d8 alpha"},
		{"bad-icc.jpg", "jpeg 480x320 o1 p1 d8 icc"},
		{"bt2020-linear.avif", "avif 96x96 o1 p1 d10 cicp 9/8"},
		{"bomb.png", "png 60000x60000 o1 p1 d8"},
		{"cmyk-icc.jpg", "jpeg 256x128 o1 p1 d8 cmyk icc"},
		{"cmyk-plain.jpg", "jpeg 480x320 o1 p1 d8 cmyk"},
		{"cmyk.jpg", "jpeg 480x320 o1 p1 d8 cmyk"},
		{"counter.gif", "gif 100x60 o1 p5 d8 alpha"},
		{"counter.webp", "webp 100x60 o1 p5 d8 alpha"},
		{"disc.png", "png 400x400 o1 p1 d8 alpha"},
		{"disc.webp", "webp 400x400 o1 p1 d8 alpha"},
		{"empty.jpg", "broken"},
		{"exif.avif", "avif 240x160 o1 p1 d8"},
		{"exif.heic", "heic 240x160 o1 p1 d8"},
		{"exif.jpg", "jpeg 240x160 o1 p1 d8"},
		{"exif.png", "png 240x160 o1 p1 d8"},
		{"exif.webp", "webp 240x160 o1 p1 d8"},
		{"gray-alpha.png", "png 200x200 o1 p1 d8 alpha gray"},
		{"gray-linear.jpg", "jpeg 256x64 o1 p1 d8 gray icc"},
		{"gray-video.avif", "avif 96x64 o1 p1 d8 alpha gray limited"},
		{"gray.jpg", "jpeg 480x320 o1 p1 d8 gray"},
		{"gray16.png", "png 256x64 o1 p1 d16 gray"},
		{"html.jpg", "no picture"},
		{"huge.avif", "avif 65535x65535 o1 p1 d8"},
		{"huge.webp", "webp 16383x16383 o1 p1 d8"},
		{"iccp-bomb.png", "png 1x1 o1 p1 d8 gray icc"},
		{"interlaced.png", "png 240x160 o1 p1 d8 progressive"},
		{"lossless.webp", "webp 480x320 o1 p1 d8"},
		{"one-frame.gif", "gif 100x60 o1 p1 d8 alpha"},
		{"orientation-1.jpg", "jpeg 480x320 o1 p1 d8"},
		{"orientation-2.avif", "avif 480x320 o2 p1 d8"},
		{"orientation-2.jpg", "jpeg 480x320 o2 p1 d8"},
		{"orientation-3.avif", "avif 480x320 o3 p1 d8"},
		{"orientation-3.jpg", "jpeg 480x320 o3 p1 d8"},
		{"orientation-4.avif", "avif 480x320 o4 p1 d8"},
		{"orientation-4.jpg", "jpeg 480x320 o4 p1 d8"},
		{"orientation-5.jpg", "jpeg 320x480 o5 p1 d8"},
		{"orientation-6.avif", "avif 320x480 o6 p1 d8"},
		{"orientation-6.heic", "heic 320x480 o6 p1 d8"},
		{"orientation-6.jpg", "jpeg 320x480 o6 p1 d8"},
		{"orientation-7.jpg", "jpeg 320x480 o7 p1 d8"},
		{"orientation-8.avif", "avif 320x480 o8 p1 d8"},
		{"orientation-8.heic", "heic 320x480 o8 p1 d8"},
		{"orientation-8.jpg", "jpeg 320x480 o8 p1 d8"},
		{"p3-coded.avif", "avif 96x96 o1 p1 d8 cicp 12/13"},
		{"p3-nclx.avif", "avif 96x96 o1 p1 d8 cicp 12/13"},
		{"p3.jpg", "jpeg 384x288 o1 p1 d8 icc"},
		{"palette.png", "png 240x160 o1 p1 d8 alpha palette"},
		{"photo.avif", "avif 1600x2000 o1 p1 d8"},
		{"pq.avif", "avif 96x96 o1 p1 d10 cicp 9/16"},
		{"scans.jpg", "too large"},
		{"scene.avif", "avif 480x320 o1 p1 d8"},
		{"scene.heic", "heic 480x320 o1 p1 d8"},
		{"swapped.jpg", "jpeg 384x128 o1 p1 d8 icc"},
		{"swapped.png", "png 384x128 o1 p1 d8 icc"},
		{"tall.jpg", "jpeg 3x8000 o1 p1 d8"},
		{"text.jpg", "no picture"},
		{"trailing.jpg", "jpeg 480x320 o1 p1 d8"},
		{"truncated.gif", "broken"},
		{"truncated.jpg", "broken"},
		{"truncated.png", "broken"},
		{"truncated.webp", "broken"},
		{"ultra-hdr.jpg", "jpeg 480x320 o1 p1 d8"},
		{"wide.png", "png 8000x3 o1 p1 d8"},
		{"ycgco.avif", "no picture"},
		{"ycck.jpg", "jpeg 480x320 o1 p1 d8 cmyk"},
		{"ztxt-bomb.png", "png 1x1 o1 p1 d8 gray"},
	} {
		src, err := os.ReadFile("../../testdata/odd/" + c.name)
		if err != nil {
			t.Fatal(err)
		}
		if got := describe(inspect(src)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestInspectRefusesKinds: what ImageMagick or a laboratory would read is no
// picture.
func TestInspectRefusesKinds(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../testdata/odd/refused.*")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if h, err := inspect(src); !errors.Is(err, header.ErrNotPicture) {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
	}
}

func describe(h header.Header, err error) string {
	switch {
	case errors.Is(err, header.ErrBroken):
		return "broken"
	case errors.Is(err, header.ErrNotPicture):
		return "no picture"
	case errors.Is(err, header.ErrTooLarge):
		return "too large"
	case err != nil:
		return err.Error()
	}
	s := fmt.Sprintf("%v %dx%d o%d p%d d%d", h.Format, h.Width, h.Height, h.Orientation, h.Pages, h.Depth)
	for _, flag := range []struct {
		name string
		set  bool
	}{{"alpha", h.Alpha}, {"gray", h.Gray}, {"cmyk", h.CMYK}, {"progressive", h.Progressive}, {"icc", h.ICC}, {"palette", h.Palette}, {"premultiplied", h.Premultiplied}, {"limited", h.Limited}} {
		if flag.set {
			s += " " + flag.name
		}
	}
	if c := h.CICP; c.Primaries > 2 {
		s += fmt.Sprintf(" cicp %d/%d", c.Primaries, c.Transfer)
	}
	if w := h.Whole; w.Width > 0 {
		s += fmt.Sprintf(" cut %d,%d of %dx%d", w.Left, w.Top, w.Width, w.Height)
	}
	return s
}
