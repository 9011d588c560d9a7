package main

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"slices"
	"strings"
)

// heifs are AVIF and HEIC of kinds that decoders get wrong.
func heifs() []file {
	const (
		answer = "96x64 as quarters: 220,30,30 opaque; 30,200,30,192; 30,30,220,128; 240,240,240,64"
		pure   = "pure red, green and blue, within 3 steps"
	)
	exact := []string{"--min", "0", "--max", "0", "--minalpha", "0", "--maxalpha", "0", "--yuv", "444"}
	encoded := func(m image.Image, args ...string) func(*toolbox) ([]byte, error) {
		return func(t *toolbox) ([]byte, error) {
			return t.avif(func() (image.Image, error) { return m, nil }, slices.Concat(exact, args)...)
		}
	}
	return []file{
		{"odd/alpha-5.avif", "avif", 64, 96, "quarters with alpha, stored as EXIF orientation 5 would be (irot, imir)", answer, encoded(unturned(quarters(), 5), "--irot", "3", "--imir", "1")},
		{"odd/alpha-cut.avif", "avif", 100, 120, "the same with a black border, which the container cuts off (clap) before it turns the picture", answer, encoded(framed(unturned(quarters(), 8), 100, 120, image.Pt(30, 10)), "--crop", "30,10,64,96", "--irot", "1")},
		{"odd/alpha-premultiplied.avif", "avif", 96, 64, "the same, its colours multiplied by alpha", answer, encoded(quarters(), "--premultiply")},
		{"odd/alpha-shared.heic", "heic", 96, 64, "the same, its alpha also that of its thumbnail, as telephones write it", answer, sharedAlpha},
		{"odd/alpha-10bit.avif", "avif", 96, 64, "red with every level of alpha, in 10 bits with a profile of Display P3", "column x has alpha 255x/95; its colour is 255,0,0", func(t *toolbox) ([]byte, error) {
			return t.profiled(alphaRamp(), displayP3(), slices.Concat(exact, []string{"--depth", "10"}))
		}},
		{"odd/p3-nclx.avif", "avif", 96, 96, "p3.jpg, small, whose primaries are CICP code points (`nclx`)", "both halves are " + pure, encoded(wide(inP3, true), "--cicp", "12/13/6")},
		{"odd/p3-coded.avif", "avif", 96, 96, "the same, with code points only within the coded picture", "both halves are " + pure, func(t *toolbox) ([]byte, error) {
			data, err := encoded(wide(inP3, true), "--cicp", "12/13/6")(t)
			return bytes.Replace(data, []byte("colrnclx"), []byte("freenclx"), 1), err
		}},
		{"odd/bt2020-linear.avif", "avif", 96, 96, "sRGB's primaries in linear BT.2020", strings.Replace(pure, "3", "12", 1), encoded(wide(inLinear2020, false), "--cicp", "9/8/9", "--depth", "10")},
		{"odd/pq.avif", "avif", 96, 96, "the same, declared as PQ", "refused: it needs tone mapping", encoded(wide(inLinear2020, false), "--cicp", "9/16/9", "--depth", "10")},
		{"odd/hlg.avif", "avif", 96, 96, "the same, declared as HLG", "refused: it needs tone mapping", encoded(wide(inLinear2020, false), "--cicp", "9/18/9", "--depth", "10")},
		{"odd/ycgco.avif", "avif", 96, 96, "the same in 10 bits of YCgCo, which libheif reads wrong", "refused, or red, green and blue", encoded(wide(inP3, false), "--cicp", "1/13/8", "--depth", "10")},
		{"odd/gray-video.avif", "avif", 96, 64, "the quarters' grey, in limited range", "96x64 as quarters: 82, 132, 51, 240, with alpha as above", encoded(quarters(), "--yuv", "400", "--range", "limited")},
	}
}

// quarters has a colour and an alpha in each quarter.
func quarters() *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, 96, 64))
	for i, c := range []color.NRGBA{{220, 30, 30, 255}, {30, 200, 30, 192}, {30, 30, 220, 128}, {240, 240, 240, 64}} {
		at := image.Pt(i%2*48, i/2*32)
		draw.Draw(m, image.Rect(0, 0, 48, 32).Add(at), image.NewUniform(c), image.Point{}, draw.Src)
	}
	return m
}

// framed has m at a place on black.
func framed(m image.Image, w, h int, at image.Point) image.Image {
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.Draw(out, out.Rect, image.Black, image.Point{}, draw.Src)
	draw.Draw(out, m.Bounds().Add(at), m, image.Point{}, draw.Src)
	return out
}

// alphaRamp is sRGB's red in Display P3, with alpha that grows to the right.
func alphaRamp() image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, 96, 64))
	for y := range 64 {
		for x := range 96 {
			m.SetNRGBA(x, y, color.NRGBA{234, 51, 35, uint8((255*x + 47) / 95)})
		}
	}
	return m
}

// wide are sRGB's red, green and blue in the primaries of another space, on the right
// those of that space itself if both is set.
func wide(in func(rgb) rgb, both bool) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, 96, 96))
	for y := range 96 {
		for x := range 96 {
			c := [3]rgb{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}[y/32]
			if !both || x < 48 {
				c = in(c)
			}
			m.SetRGBA(x, y, color.RGBA{inSteps(c.r), inSteps(c.g), inSteps(c.b), 255})
		}
	}
	return m
}

func inSteps(v float64) uint8 { return uint8(clamp01(v)*255 + 0.5) }

// inLinear2020 is a pure colour of sRGB in linear BT.2020.
func inLinear2020(c rgb) rgb {
	return rgb{
		0.6274*c.r + 0.3293*c.g + 0.0433*c.b,
		0.0691*c.r + 0.9195*c.g + 0.0114*c.b,
		0.0164*c.r + 0.0880*c.g + 0.8956*c.b,
	}
}

// profiled encodes a picture with a profile.
func (t *toolbox) profiled(m image.Image, icc []byte, args []string) ([]byte, error) {
	if err := t.write("in.icc", icc); err != nil {
		return nil, err
	}
	return t.avif(func() (image.Image, error) { return m, nil }, append(args, "--icc", "in.icc")...)
}

// sharedAlpha has heif-enc make a thumbnail, and lets the alpha of the picture be that of
// the thumbnail, too. The description of the items grows and goes to the end, where it
// moves nothing.
func sharedAlpha(t *toolbox) ([]byte, error) {
	data, err := t.convertPicture(quarters(), "out.heic", "heif-enc", "-L", "-p", "chroma=444", "-t", "32", "--no-thumb-alpha", "-o", "out.heic", "in.png")
	if err != nil {
		return nil, err
	}
	at := bytes.Index(data, []byte("meta")) - 4
	meta := bytes.Clone(data[at:][:binary.BigEndian.Uint32(data[at:])])
	copy(data[at+4:], "free")
	thumbnail := meta[bytes.Index(meta, []byte("thmb"))+4:][:2]
	for _, kind := range []string{"meta", "iref", "auxl"} {
		size := meta[bytes.Index(meta, []byte(kind))-4:]
		binary.BigEndian.PutUint32(size, binary.BigEndian.Uint32(size)+2)
	}
	auxl := bytes.Index(meta, []byte("auxl")) + 4
	meta[auxl+3] = 2 // instead of one item
	return append(data, slices.Insert(meta, auxl+6, thumbnail...)...), nil
}
