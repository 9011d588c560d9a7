package main

import (
	"bytes"
	"fmt"
	"image"

	"github.com/thumbery/thumbery/internal/testkit/odd"
)

// containers are the scene in the younger formats, and in TIFF.
func containers() []file {
	upright := func() (image.Image, error) { return scene(1) }
	const same = "the picture of orientation-1.jpg"
	files := []file{
		{"odd/scene.avif", "avif", 480, 320, "AVIF", same, func(t *toolbox) ([]byte, error) { return t.avif(upright) }},
		{"odd/scene.heic", "heic", 480, 320, "HEIC", same, func(t *toolbox) ([]byte, error) {
			data, err := sceneJPEG()
			if err != nil {
				return nil, err
			}
			return t.heic(data)
		}},
		{"odd/scene.jxl", "jxl", 480, 320, "JPEG XL", same, tool(upright, "out.jxl", "cjxl", "in.png", "out.jxl", "-q", "80", "--num_threads=0")},
		{"odd/scene.jp2", "jp2", 480, 320, "JPEG 2000", same, tool(upright, "out.jp2", "opj_compress", "-i", "in.png", "-o", "out.jp2", "-r", "20")},
		{"odd/lzw.tif", "tiff", 480, 320, "TIFF with LZW", same, tool(upright, "out.tif", "vips", "copy", "in.png", "out.tif[compression=lzw,predictor=horizontal,strip]")},
		{"odd/16bit.tif", "tiff", 256, 192, "16bit.png as TIFF with LZW", "as 16bit.png", tool(func() (image.Image, error) { return deep(), nil }, "out.tif", "vips", "copy", "in.png", "out.tif[compression=lzw,predictor=horizontal,strip]")},
		{"odd/pages.tif", "tiff", 120, 80, "three pages: 120x80 of 255,0,0; 80x120 of 0,128,0; 60x60 of 0,0,255 in 16 bits", "the first page, or the one asked for in its own size", stored(pagesTIFF)},
		{"odd/orientation-6.jxl", "jxl", 320, 480, "JPEG XL with orientation 6", "480x320, " + same, func(t *toolbox) ([]byte, error) {
			m, err := scene(1)
			if err != nil {
				return nil, err
			}
			data, err := encodeJPEG(unturned(m, 6), 80)
			if err != nil {
				return nil, err
			}
			data = withSegment(data, markerApp1, exif(6, true))
			return t.convert(data, "in.jpg", "out.jxl", "cjxl", "in.jpg", "out.jxl", "--num_threads=0")
		}},
	}
	for _, o := range []int{6, 8} {
		files = append(files, file{fmt.Sprintf("odd/orientation-%d.heic", o), "heic", 320, 480, fmt.Sprintf("HEIC stored as EXIF orientation %d would be, turned by the container (irot)", o), "480x320, " + same, func(t *toolbox) ([]byte, error) {
			m, err := scene(1)
			if err != nil {
				return nil, err
			}
			data, err := encodeJPEG(unturned(m, o), 80)
			if err != nil {
				return nil, err
			}
			data, err = t.heic(data)
			if err != nil {
				return nil, err
			}
			return turnedHEIF(data, map[int]byte{6: 3, 8: 1}[o]), nil
		}})
	}
	return append(files, turnedAVIF()...)
}

// tool encodes a picture with a command.
func tool(draw func() (image.Image, error), out, command string, args ...string) func(*toolbox) ([]byte, error) {
	return func(t *toolbox) ([]byte, error) {
		m, err := draw()
		if err != nil {
			return nil, err
		}
		return t.convertPicture(m, out, command, args...)
	}
}

// turnedAVIF is the scene stored as EXIF orientations would be, and turned or
// mirrored by the container.
func turnedAVIF() []file {
	var out []file
	for _, o := range []struct {
		orientation int
		args        []string
	}{{2, []string{"--imir", "1"}}, {3, []string{"--irot", "2"}}, {4, []string{"--imir", "0"}}, {6, []string{"--irot", "3"}}, {8, []string{"--irot", "1"}}} {
		w, h := 480, 320
		if o.orientation >= 5 {
			w, h = h, w
		}
		out = append(out, file{
			fmt.Sprintf("odd/orientation-%d.avif", o.orientation), "avif", w, h,
			fmt.Sprintf("AVIF stored as EXIF orientation %d would be, turned by the container (irot, imir)", o.orientation),
			"480x320, the picture of orientation-1.jpg",
			func(t *toolbox) ([]byte, error) {
				return t.avif(func() (image.Image, error) {
					m, err := scene(1)
					return unturned(m, o.orientation), err
				}, o.args...)
			},
		})
	}
	return out
}

// discs are for looking at edges.
func discs() []file {
	const clean = "255,0,0 wherever it is not wholly transparent; on white no pixel darker than 255,x,x"
	return []file{
		{"odd/disc.png", "png", 400, 400, "a red disc, radius 180, with a soft edge on transparent black", clean, drawnPNG(func() (image.Image, error) { return redDisc(400), nil })},
		{"odd/disc.webp", "webp", 400, 400, "the same as WebP, lossless, its transparent pixels black", clean, func(t *toolbox) ([]byte, error) {
			return t.convertPicture(redDisc(400), "out.webp", "cwebp", "-quiet", "-lossless", "-exact", "-z", "9", "in.png", "-o", "out.webp")
		}},
	}
}

// bombs are small files that ask for much.
func bombs() []file {
	const header = "refused by its header"
	kept := func(make func() []byte) func(*toolbox) ([]byte, error) {
		return stored(func() ([]byte, error) { return make(), nil })
	}
	return []file{
		{"odd/scans.jpg", "jpeg", 1600, 1200, "progressive, 2000 scans of which all but the first are empty", header, kept(func() []byte { return odd.ManyScans(1600, 1200, 2000) })},
		{"odd/ztxt-bomb.png", "png", 1, 1, "a text that unpacks to 64 MiB", "a pixel of 128,128,128, in little time and memory", kept(func() []byte { return odd.InflatingPNG("zTXt", 64<<20) })},
		{"odd/iccp-bomb.png", "png", 1, 1, "a profile that unpacks to 64 MiB", "a pixel of 128,128,128, or an error, in little time and memory", kept(func() []byte { return odd.InflatingPNG("iCCP", 64<<20) })},
		{"odd/huge.webp", "webp", 16383, 16383, "declares 16383x16383 pixels in 36 bytes", header, stored(hugeWebP)},
		{"odd/huge.avif", "avif", 65535, 65535, "scene.avif declared as 65535x65535", header, hugeAVIF},
		{"odd/huge.tif", "tiff", 60000, 60000, "declares 60000x60000 grey pixels in 126 bytes", header, stored(hugeTIFF)},
	}
}

// hugeWebP is the head of a lossless picture, and some noughts.
func hugeWebP() ([]byte, error) {
	const side = 16383 - 1 // stored less one, in 14 bits
	bits := uint32(side | side<<14)
	out := []byte("RIFF\x1c\x00\x00\x00WEBPVP8L\x10\x00\x00\x00\x2f")
	out = append(out, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
	return append(out, make([]byte, 11)...), nil
}

// hugeAVIF changes the declared size and leaves the coded one.
func hugeAVIF(t *toolbox) ([]byte, error) {
	data, err := t.avif(func() (image.Image, error) { return scene(1) })
	if err != nil {
		return nil, err
	}
	return bytes.Replace(data, []byte("ispe\x00\x00\x00\x00\x00\x00\x01\xe0\x00\x00\x01\x40"), []byte("ispe\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\xff\xff"), 1), nil
}
