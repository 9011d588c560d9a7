package main

import (
	"encoding/binary"
	"fmt"
	"image/color"
	"strings"
)

// refused are pictures of kinds that are not for a server that strangers use:
// ImageMagick's, science's, and those whose readers libvips calls untrusted.
// All are whole, small, and of red where they can.
func refused() []file {
	const not = "not a picture that is read here"
	kind := func(name, what string, encode func() ([]byte, error)) file {
		return file{"odd/refused." + name, "", 0, 0, what, not, stored(encode)}
	}
	text := func(s string) func() ([]byte, error) { return func() ([]byte, error) { return []byte(s), nil } }
	return []file{
		kind("ppm", "a portable pixmap", text("P6\n2 2\n255\n"+strings.Repeat("\xff\x00\x00", 4))),
		kind("pfm", "a portable float map", text("Pf\n1 1\n-1.0\n\x00\x00\x80\x3f")),
		kind("hdr", "Radiance", text("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\n\x80\x00\x00\x81")),
		kind("fits", "FITS, of astronomy", fits),
		kind("exr", "OpenEXR", exr),
		kind("bmp", "a Windows bitmap", bmp),
		kind("psd", "Photoshop", psd),
		kind("xcf", "GIMP, its head only", text("gimp xcf v011\x00\x00\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00\x00")),
		kind("mat", "Matlab, its head only", text(fmt.Sprintf("%-124s", "MATLAB 5.0 MAT-file, Platform: GLNXA64")+"\x00\x01IM")),
		kind("v", "libvips' own", vipsFile),
		kind("csv", "numbers", text("255,0,0\n255,0,0\n")),
		kind("mvg", "ImageMagick's drawing language, reading a file", text("push graphic-context\nviewbox 0 0 640 480\nimage over 0,0 0,0 'text:/etc/passwd'\npop graphic-context\n")),
		kind("msl", "ImageMagick's scripting language, reading a file", text("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<image>\n<read filename=\"text:/etc/passwd\"/>\n<write filename=\"png:-\"/>\n</image>\n")),
		kind("eps", "PostScript", text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n1 0 0 setrgbcolor 0 0 10 10 rectfill\nshowpage\n")),
		kind("svgz", "an SVG in gzip", gzipped),
		kind("mp4", "the head of a film", text("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41\x00\x00\x00\x08free")),
	}
}

// fits is a header of cards of 80 bytes, and 2x2 bytes, each in blocks of 2880.
func fits() ([]byte, error) {
	var head strings.Builder
	for _, card := range []string{"SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   =                    2", "NAXIS1  =                    2", "NAXIS2  =                    2", "END"} {
		fmt.Fprintf(&head, "%-80s", card)
	}
	return append(fmt.Appendf(nil, "%-2880s", head.String()), make([]byte, 2880)...), nil
}

// exr is one pixel in half floats, not compressed.
func exr() ([]byte, error) {
	out := []byte("\x76\x2f\x31\x01\x02\x00\x00\x00")
	attribute := func(name, kind string, value ...byte) {
		out = append(out, name+"\x00"+kind+"\x00"...)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(value)))
		out = append(out, value...)
	}
	attribute("channels", "chlist", []byte("R\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00")...)
	attribute("compression", "compression", 0)
	attribute("dataWindow", "box2i", make([]byte, 16)...)
	attribute("displayWindow", "box2i", make([]byte, 16)...)
	attribute("lineOrder", "lineOrder", 0)
	attribute("pixelAspectRatio", "float", 0, 0, 0x80, 0x3f)
	attribute("screenWindowCenter", "v2f", make([]byte, 8)...)
	attribute("screenWindowWidth", "float", 0, 0, 0x80, 0x3f)
	out = append(out, 0)
	out = binary.LittleEndian.AppendUint64(out, uint64(len(out)+8)) // where the line is
	return append(out, 0, 0, 0, 0, 2, 0, 0, 0, 0x00, 0x3c), nil
}

// bmp is one pixel, blue, green and red, in a row of four bytes.
func bmp() ([]byte, error) {
	out := []byte("BM\x3a\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x18\x00")
	out = append(out, make([]byte, 24)...)
	return append(out, 0, 0, 255, 0), nil
}

// psd is one pixel in three planes, with three empty sections before it.
func psd() ([]byte, error) {
	out := []byte("8BPS\x00\x01\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x01\x00\x00\x00\x01\x00\x08\x00\x03")
	out = append(out, make([]byte, 3*4)...)
	return append(out, 0, 0, 255, 0, 0), nil
}

// vipsFile is one pixel of three bytes behind a head of 64.
func vipsFile() ([]byte, error) {
	out := []byte("\xb6\xa6\xf2\x08") // little-endian
	for _, v := range []uint32{1, 1, 3, 0, 0, 0, 22} {
		out = binary.LittleEndian.AppendUint32(out, v)
	}
	out = append(out, make([]byte, 64-len(out))...)
	red := color.RGBA{255, 0, 0, 255}
	return append(out, red.R, red.G, red.B), nil
}
