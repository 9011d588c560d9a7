package main

import (
	"image"
	"math/rand/v2"
)

func oddColours() []file {
	return []file{
		{"odd/cmyk.jpg", "jpeg", 480, 320, "four inks, stored inverted with Adobe's marker, no profile", "sRGB, not a negative: red at the top left, light ground", cmykJPEG()},
		{"odd/p3.jpg", "jpeg", 384, 288, "red, green and blue rows in Display P3 with its profile: on the left sRGB's primaries (stored 234,51,35; 117,251,76; 0,0,245), on the right P3's (stored pure)", "converted to sRGB both halves are pure (255,0,0 and so on) within a few steps; 234,51,35 means that the profile was dropped", stored(p3JPEG)},
		{"odd/gray.jpg", "jpeg", 480, 320, "one component", "grey", stored(func() ([]byte, error) {
			m, err := grey()
			if err != nil {
				return nil, err
			}
			return encodeJPEG(m, 80)
		})},
		{"odd/16bit.png", "png", 256, 192, "16 bits a sample; red grows to the right, green downwards, blue is half", "8 bits without bands: red is the column", drawnPNG(func() (image.Image, error) { return deep(), nil })},
		{"odd/palette.png", "png", 240, 160, "a palette with one transparent entry, a round hole of radius 14 at 220,80", "the hole stays a hole, and is not black", drawnPNG(paletted)},
		{"odd/interlaced.png", "png", 240, 160, "Adam7", "an ordinary picture", stored(func() ([]byte, error) {
			m, err := scene(0.5)
			if err != nil {
				return nil, err
			}
			return interlacedPNG(m)
		})},
	}
}

func cmykJPEG() func(*toolbox) ([]byte, error) {
	return fourInks(func() (separation, error) {
		b, err := sceneInks()
		return separation{480, 320, b, func(data []byte) []byte { return data }}, err
	})
}

func p3JPEG() ([]byte, error) {
	data, err := encodeJPEG(bars(inP3), 90)
	return withICC(data, displayP3()), err
}

func oddAlpha() []file {
	const clean = "the disc keeps its colour up to the edge, no dark rim"
	return []file{
		{"odd/alpha.png", "png", 256, 256, "a red disc with a soft edge on transparent black", clean, drawnPNG(func() (image.Image, error) { return redDisc(256), nil })},
		{"odd/gray-alpha.png", "png", 200, 200, "a white disc with a soft edge, grey and alpha", clean, stored(func() ([]byte, error) { return grayAlphaPNG(200) })},
		{"odd/alpha.webp", "webp", 256, 256, "the red disc, lossy with alpha", clean, func(t *toolbox) ([]byte, error) {
			return t.convertPicture(redDisc(256), "out.webp", "cwebp", "-quiet", "-q", "85", "-m", "6", "in.png", "-o", "out.webp")
		}},
	}
}

func otherFormats() []file {
	return []file{
		{"odd/lossless.webp", "webp", 480, 320, "WebP lossless", "an ordinary picture", func(t *toolbox) ([]byte, error) {
			m, err := scene(1)
			if err != nil {
				return nil, err
			}
			return t.convertPicture(m, "out.webp", "cwebp", "-quiet", "-lossless", "-z", "9", "in.png", "-o", "out.webp")
		}},
		{"odd/animated.gif", "gif", movingW, movingH, "12 frames of 80 ms, for ever; all but the first are small and removed again", "12 whole frames of a bouncing ball, or the first of them", stored(movingGIF)},
		{"odd/animated.webp", "webp", movingW, movingH, "the same as WebP", "12 frames, or the first of them", movingWebP},
		{"odd/photo.avif", "avif", 1600, 2000, "the cat as AVIF", "an ordinary picture", func(t *toolbox) ([]byte, error) {
			m, err := drawCat()
			if err != nil {
				return nil, err
			}
			return t.convertPicture(m, "out.avif", "vips", "copy", "in.png", "out.avif[Q=45,compression=av1,bitdepth=8,strip]")
		}},
		{"odd/drawing.svg", "svg", 320, 200, "a drawing with width, height and viewBox", "drawn at the size asked for, not enlarged from pixels; never handed out as SVG by accident", stored(drawing)},
	}
}

func drawing() ([]byte, error) {
	return []byte(`<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="320" height="200" viewBox="0 0 320 200">
  <defs>
    <linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#2a86cc"/>
      <stop offset="1" stop-color="#fdf0cf"/>
    </linearGradient>
  </defs>
  <rect width="320" height="200" fill="url(#sky)"/>
  <circle cx="240" cy="60" r="26" fill="#ffd45a"/>
  <path d="M0 170 L90 70 L150 140 L200 95 L320 180 V200 H0 Z" fill="#3c6e71"/>
  <path d="M90 70 L110 93 L97 99 L86 90 L72 90 Z" fill="#ffffff"/>
  <rect y="178" width="320" height="22" fill="#284b63"/>
</svg>
`), nil
}

func oddShapes() []file {
	jpeg := func(m image.Image) func(*toolbox) ([]byte, error) {
		return stored(func() ([]byte, error) { return encodeJPEG(m, 90) })
	}
	png := func(m image.Image) func(*toolbox) ([]byte, error) {
		return stored(func() ([]byte, error) { return encodePNG(m) })
	}
	return []file{
		{"odd/1x1.png", "png", 1, 1, "one pixel of 200,80,40", "one pixel; not enlarged unless asked", png(dot())},
		{"odd/1x1.jpg", "jpeg", 1, 1, "one pixel of about 200,80,40", "one pixel; not enlarged unless asked", jpeg(dot())},
		{"odd/wide.png", "png", 8000, 3, "a strip", "no side shrinks below one pixel", png(rainbow(8000, 3))},
		{"odd/tall.jpg", "jpeg", 3, 8000, "an upright strip", "no side shrinks below one pixel", jpeg(rainbow(3, 8000))},
	}
}

// broken are files that begin well.
func broken() []file {
	const refuse = "an error that says so; never half a picture"
	return []file{
		{"odd/truncated.jpg", "jpeg", 480, 320, "cut after 60 % of its bytes", refuse, cut(stored(sceneJPEG))},
		{"odd/truncated.png", "png", 480, 320, "cut after 60 % of its bytes", refuse, cut(drawnPNG(func() (image.Image, error) { return scene(1) }))},
		{"odd/truncated.webp", "webp", 480, 320, "cut after 60 % of its bytes", refuse, cut(func(t *toolbox) ([]byte, error) {
			m, err := scene(1)
			if err != nil {
				return nil, err
			}
			return t.convertPicture(m, "out.webp", "cwebp", "-quiet", "-q", "80", "in.png", "-o", "out.webp")
		})},
		{"odd/truncated.gif", "gif", 240, 160, "one frame, cut after 60 % of its bytes", refuse, cut(stored(func() ([]byte, error) {
			m, err := scene(0.5)
			if err != nil {
				return nil, err
			}
			return encodeGIF(m)
		}))},
		{"odd/bomb.png", "png", 60000, 60000, "declares 60000x60000 RGB, ten gigabytes, in some hundred bytes; all checksums are right", "refused by its header, before any pixel is decoded", stored(bombPNG)},
	}
}

// cut drops the last 40 % of a file.
func cut(encode func(*toolbox) ([]byte, error)) func(*toolbox) ([]byte, error) {
	return func(t *toolbox) ([]byte, error) {
		data, err := encode(t)
		return data[:len(data)*6/10], err
	}
}

// foreign are files whose names or ends say something else than their start.
func foreign() []file {
	text := func(s string) func(*toolbox) ([]byte, error) {
		return stored(func() ([]byte, error) { return []byte(s), nil })
	}
	const refuse = "not a picture; its bytes are never handed out as one"
	return []file{
		{"odd/text.jpg", "", 0, 0, "plain text", refuse, text("This is a text file that somebody named .jpg.\n")},
		{"odd/empty.jpg", "", 0, 0, "no bytes at all", refuse, text("")},
		{"odd/html.jpg", "", 0, 0, "a web page with a script", "not a picture; never handed out so that a browser would run it", text("<!DOCTYPE html>\n<html><head><title>Not a picture</title></head>\n<body><script>alert(document.domain)</script></body></html>\n")},
		{"odd/trailing.jpg", "jpeg", 480, 320, "a good JPEG with 4 kB behind its end, as telephones append films and depth maps", "an ordinary picture; nothing of the tail in the answer", stored(trailing)},
	}
}

// trailing appends the head of an MP4 file, noise, and Samsung's end mark.
func trailing() ([]byte, error) {
	data, err := sceneJPEG()
	if err != nil {
		return nil, err
	}
	data = append(data, "MotionPhoto_Data\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42"...)
	rng := rand.New(rand.NewPCG(13, 7))
	for range 4096 {
		data = append(data, byte(rng.UintN(256)))
	}
	return append(data, "SEFT"...), nil
}
