package fallback_test

import (
	"errors"
	"image"
	"testing"

	"github.com/thumbery/thumbery/fallback"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/variant"
)

func parse(t *testing.T, ops string) variant.Variant {
	t.Helper()
	v, err := variant.Parse(ops)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// It is served in any size, but not in a large one.
func TestImage(t *testing.T) {
	t.Parallel()
	picture := resizetest.JPEG(image.NewRGBA(image.Rect(0, 0, 60, 30)))
	settings := resize.Settings{MaxPixels: 1 << 30}
	f, err := fallback.New(t.Context(), picture, &resizetest.Fake{}, settings)
	if err != nil {
		t.Fatal(err)
	}
	for ops, want := range map[string]image.Point{
		"30x": {30, 15}, "20x20": {20, 20}, "120x120,up_1": {120, 120}, "f_png": {60, 30},
	} {
		for range 2 {
			r, err := f.Picture(t.Context(), parse(t, ops), 0)
			if err != nil {
				t.Errorf("%s: %v", ops, err)
				continue
			}
			m, _, err := image.DecodeConfig(r.Blob.Content())
			if err != nil || m.Width != want.X || m.Height != want.Y {
				t.Errorf("%s: %dx%d, %v, want %v", ops, m.Width, m.Height, err, want)
			}
		}
	}
	if _, err := f.Picture(t.Context(), parse(t, "4000x4000,up_1"), 0); !errors.Is(err, header.ErrTooLarge) {
		t.Errorf("a large one: %v", err)
	}
	if _, err := fallback.New(t.Context(), []byte("no picture"), &resizetest.Fake{}, settings); !errors.Is(err, header.ErrNotPicture) {
		t.Errorf("a text: %v", err)
	}
}
