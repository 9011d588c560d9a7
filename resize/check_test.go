package resize_test

import (
	"bytes"
	"image"
	"image/color/palette"
	"image/gif"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

// A result is right if its header says what its plan says.
func TestCheckResult(t *testing.T) {
	t.Parallel()
	p := resize.Plan{
		CanvasW: 40, CanvasH: 30, Frames: 1,
		Output: resize.Output{Format: variant.JPEG}, Plain: resize.Output{Format: variant.PNG},
	}
	turned := p
	turned.Rotate = 90
	picture := func(w, h int) *image.NRGBA { return image.NewNRGBA(image.Rect(0, 0, w, h)) }
	good := resizetest.JPEG(picture(40, 30))
	for name, tt := range map[string]struct {
		result []byte
		plan   resize.Plan
		ok     bool
	}{
		"as planned":      {good, p, true},
		"without colours": {resizetest.PNG(picture(40, 30)), p, true},
		"turned":          {resizetest.JPEG(picture(30, 40)), turned, true},
		"not turned":      {good, turned, false},
		"too wide":        {resizetest.JPEG(picture(41, 30)), p, false},
		"too low":         {resizetest.JPEG(picture(40, 29)), p, false},
		"cut short":       {good[:len(good)-40], p, false},
		"empty":           {nil, p, false},
		"no picture":      {[]byte("a picture, says the engine"), p, false},
		"a picture's SVG": {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"/>`), p, false},
		"of another kind": {frames(t, 1), p, false},
		"frames too many": {frames(t, 2), animated(p, 1), false},
		"frames as asked": {frames(t, 2), animated(p, 2), true},
		"frames made one": {frames(t, 1), animated(p, 2), true},
	} {
		err := resize.CheckResult(bytes.NewReader(tt.result), int64(len(tt.result)), tt.plan)
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func animated(p resize.Plan, frames int) resize.Plan {
	p.Output.Format, p.Frames = variant.GIF, frames
	return p
}

// frames is an animation of 40x30.
func frames(t *testing.T, n int) []byte {
	t.Helper()
	var g gif.GIF
	for range n {
		g.Image = append(g.Image, image.NewPaletted(image.Rect(0, 0, 40, 30), palette.WebSafe))
		g.Delay = append(g.Delay, 10)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
