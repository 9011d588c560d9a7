package odd

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"strings"
	"testing"

	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// The generated files are whole: other decoders read them.
func TestZeros(t *testing.T) {
	zeros := map[string]struct {
		file   []byte
		decode func([]byte) (image.Image, error)
		want   image.Point
	}{
		"png":        {PNG{Width: 3000, Height: 700, Depth: 16, Colour: PNGRGBA}.Encode(), decodePNG, image.Pt(3000, 700)},
		"interlaced": {PNG{Width: 803, Height: 603, Depth: 8, Colour: PNGRGB, Interlaced: true}.Encode(), decodePNG, image.Pt(803, 603)},
		"narrow":     {PNG{Width: 1, Height: 9, Depth: 1, Colour: PNGGrey, Interlaced: true}.Encode(), decodePNG, image.Pt(1, 9)},
		"chunks":     {PNG{Width: 9, Height: 9, Depth: 8, Before: [][]byte{Inflating("iTXt", "Comment", 3<<20)}}.Encode(), decodePNG, image.Pt(9, 9)},
		"strips":     {ZeroTIFF(100, 30, 3, 8, 1, 8), decodeTIFF, image.Pt(100, 30)},
		"tile":       {TileTIFF(100, 30, 128, 32), decodeTIFF, image.Pt(100, 30)},
		"pages":      {PagesTIFF(3, true), decodeTIFF, image.Pt(1, 1)},
		"webp":       {ZeroWebP(300, 200), decodeWebP, image.Pt(300, 200)},
	}
	for name, z := range zeros {
		m, err := z.decode(z.file)
		if err != nil || m.Bounds().Size() != z.want {
			t.Errorf("%s: %v, %v", name, m, err)
		}
	}
}

func decodePNG(b []byte) (image.Image, error)  { return png.Decode(bytes.NewReader(b)) }
func decodeTIFF(b []byte) (image.Image, error) { return tiff.Decode(bytes.NewReader(b)) }
func decodeWebP(b []byte) (image.Image, error) { return webp.Decode(bytes.NewReader(b)) }

func TestGrid(t *testing.T) {
	for _, name := range []string{"scene.heic", "scene.avif"} {
		b, err := os.ReadFile("../../../testdata/odd/" + name)
		if err != nil {
			t.Fatal(err)
		}
		g, err := Grid{Columns: 6, Rows: 4, Width: 64, Height: 64}.Of(b)
		if err != nil || len(g) > len(b)+300 {
			t.Errorf("%s: %d bytes of %d, %v", name, len(g), len(b), err)
		}
	}
	said, err := os.ReadFile("../../../testdata/odd/scene.heic")
	if err != nil {
		t.Fatal(err)
	}
	large, err := os.ReadFile("../../../testdata/hostile/crop64.heic")
	if err != nil {
		t.Fatal(err)
	}
	b, err := Grid{Columns: 1, Rows: 1, Width: 480, Height: 320}.InBand(said, large)
	const sps = "\x42\x01\x01"
	if err != nil || bytes.Count(b, []byte(sps)) != 2 {
		t.Errorf("%d bytes, of %d configurations, %v", len(b), bytes.Count(b, []byte(sps)), err)
	}
	if _, err := (Grid{}).Of(ManyFrames(1)); err == nil {
		t.Error("a GIF becomes a grid")
	}
}

func TestFiltered(t *testing.T) {
	if n := strings.Count(string(FilteredUses(3)), "<use "); n != 21 {
		t.Errorf("%d uses", n)
	}
	if n := len(OpenElements(1000)); n < 1000 || n > 1100 {
		t.Errorf("%d bytes of open elements", n)
	}
}
