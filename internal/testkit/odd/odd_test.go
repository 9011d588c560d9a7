package odd

import (
	"bytes"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"
)

func TestManyFrames(t *testing.T) {
	b := ManyFrames(300)
	g, err := gif.DecodeAll(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Image) != 300 || g.Config.Width != 100 || g.Delay[299] != 2 || g.LoopCount != 0 {
		t.Errorf("%d frames, %d wide, the last of %d, loop %d", len(g.Image), g.Config.Width, g.Delay[299], g.LoopCount)
	}
	if r, _, _, _ := g.Image[299].At(0, 0).RGBA(); r != 0xffff {
		t.Error("the last frame is not red")
	}
}

func TestManyScans(t *testing.T) {
	for _, size := range []image.Point{{8, 8}, {400, 300}, {1600, 1200}, {2048, 2048}} {
		b := ManyScans(size.X, size.Y, 50)
		m, err := jpeg.Decode(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("%v: %v", size, err)
		}
		if m.Bounds().Size() != size || m.(*image.Gray).GrayAt(size.X-1, size.Y-1).Y != 128 {
			t.Errorf("%v: it is %v", size, m.Bounds())
		}
		if n := bytes.Count(b, []byte{0xff, 0xda}); n != 50 {
			t.Errorf("%v: %d scans", size, n)
		}
	}
	if n := len(ManyScans(1600, 1200, 2000)); n > 36<<10 {
		t.Errorf("2000 scans are %d bytes", n)
	}
}

func TestInflatingPNG(t *testing.T) {
	for _, kind := range []string{"zTXt", "iCCP"} {
		b := InflatingPNG(kind, 10<<20)
		m, err := png.Decode(bytes.NewReader(b))
		if err != nil || m.Bounds().Dx() != 1 || len(b) > 16<<10 {
			t.Errorf("%s: %d bytes, %v", kind, len(b), err)
		}
	}
}

func TestLaughs(t *testing.T) {
	b := Laughs(10)
	if !bytes.Contains(b, []byte(`<!ENTITY l9 "&l8;&l8;`)) || !bytes.Contains(b, []byte(">&l9;<")) {
		t.Errorf("%s", b)
	}
}
