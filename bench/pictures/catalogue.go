package main

import (
	"fmt"
	"image"
	"strings"
)

// file is one file of testdata.
type file struct {
	name   string // slash-separated, below testdata
	format string // what the bytes are: jpeg png webp gif avif heic jxl jp2 tiff svg pdf, or "" for no picture
	w, h   int    // pixels as stored; 0 where that cannot be said
	what   string // what it is
	answer string // what a server ought to make of it
	encode func(*toolbox) ([]byte, error)
}

func catalogue() []file {
	var all []file
	for _, part := range [][]file{
		photos(), turned(), oddColours(), profiled(), oddAlpha(), discs(), otherFormats(), containers(), heifs(), counters(),
		telling(), documents(), oddShapes(), broken(), bombs(), foreign(), refused(),
	} {
		all = append(all, part...)
	}
	return all
}

// photos are what a newcomer sees first.
func photos() []file {
	const fine = "an ordinary picture"
	return []file{
		{"photos/cat.jpg", "jpeg", 1600, 2000, "a ginger cat at a window, its face above the centre; baseline", fine, photo(drawCat, 75, false)},
		{"photos/coast.jpg", "jpeg", 2400, 1600, "a lighthouse at sunset; progressive", fine, photo(drawCoast, 75, true)},
		{"photos/city.jpg", "jpeg", 2400, 1350, "a skyline at dusk, with neon writing; progressive", fine, photo(drawCity, 75, true)},
		{"photos/forest.jpg", "jpeg", 2000, 1500, "firs in the mist; baseline", fine, photo(drawForest, 75, false)},
		{"photos/lake.jpg", "jpeg", 3000, 2000, "mountains and a red boat, the largest; baseline", fine, photo(drawLake, 75, false)},
		{"photos/balloons.jpg", "jpeg", 1400, 1400, "hot-air balloons, square; baseline", fine, photo(drawBalloons, 75, false)},
		{"photos/portrait.jpg", "jpeg", 1200, 1600, "a woman in a woollen hat, upright; progressive", fine, photo(drawPortrait, 75, true)},
		{"photos/logo.png", "png", 1000, 1000, "a logo with a soft shadow", "no dark rims on a light ground", drawnPNG(drawLogo)},
	}
}

// photo is a JPEG with optimal Huffman tables.
func photo(draw func() (image.Image, error), quality int, progressive bool) func(*toolbox) ([]byte, error) {
	return func(t *toolbox) ([]byte, error) {
		m, err := draw()
		if err != nil {
			return nil, err
		}
		data, err := encodeJPEG(m, quality)
		if err != nil {
			return nil, err
		}
		args := []string{"-copy", "none", "-optimize"}
		if progressive {
			args = append(args, "-progressive")
		}
		return t.convert(data, "in.jpg", "out.jpg", "jpegtran", append(args, "-outfile", "out.jpg", "in.jpg")...)
	}
}

func drawnPNG(draw func() (image.Image, error)) func(*toolbox) ([]byte, error) {
	return func(*toolbox) ([]byte, error) {
		m, err := draw()
		if err != nil {
			return nil, err
		}
		return encodePNG(m)
	}
}

// stored is a file that needs no tools.
func stored(encode func() ([]byte, error)) func(*toolbox) ([]byte, error) {
	return func(*toolbox) ([]byte, error) { return encode() }
}

// sceneJPEG is the upright scene.
func sceneJPEG() ([]byte, error) {
	m, err := scene(1)
	if err != nil {
		return nil, err
	}
	return encodeJPEG(m, 80)
}

// turned is the scene eight times, each time stored another way round. Odd
// orientations are little-endian EXIF, even ones big-endian.
func turned() []file {
	var out []file
	for o := 1; o <= 8; o++ {
		f := file{name: fmt.Sprintf("odd/orientation-%d.jpg", o), format: "jpeg", w: 480, h: 320}
		if o >= 5 {
			f.w, f.h = f.h, f.w
		}
		f.what = fmt.Sprintf("EXIF orientation %d", o)
		f.answer = "480x320, the F upright, red at the top left; no orientation left in the answer"
		f.encode = stored(func() ([]byte, error) {
			m, err := scene(1)
			if err != nil {
				return nil, err
			}
			data, err := encodeJPEG(unturned(m, o), 80)
			if err != nil {
				return nil, err
			}
			return withSegment(data, markerApp1, exif(uint16(o), o%2 == 0)), nil
		})
		out = append(out, f)
	}
	return out
}

// readme is the list for people.
func readme(files []file) string {
	var b strings.Builder
	b.WriteString("# Pictures for tests\n\n" +
		"Drawn by `make pictures`; change them in bench/pictures. internal/testkit/odd makes more and larger files for tests. All are free of anybody's rights.\n\n" +
		"Sizes are in pixels as stored, before EXIF orientation.\n\n" +
		"| file | size | what it is | a right answer |\n|---|---|---|---|\n")
	for _, f := range files {
		size := "–"
		if f.w > 0 {
			size = fmt.Sprintf("%d×%d", f.w, f.h)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.name, size, f.what, f.answer)
	}
	return b.String()
}
