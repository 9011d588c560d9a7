package pipeline_test

import (
	"fmt"
	"image"
	"slices"
	"testing"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/variant"
)

// watched calls around before and after a source is removed.
type watched struct {
	cache.Store
	around func()
}

func (w *watched) RemoveSource(source variant.Name) (int, int64, error) {
	w.around()
	defer w.around()
	return w.Store.RemoveSource(source)
}

// Requests that come while a picture is being forgotten, at any point of that, keep
// nothing of what it was, and no cache may keep their answers.
func TestForgetDuringRequest(t *testing.T) {
	var asked []string
	var epochs []uint64
	var m *largeFixture
	ask := func() {
		ops := fmt.Sprintf("%dx", 20+len(asked))
		asked = append(asked, ops)
		for range 2 { // made, and perhaps a hit
			r, err := m.ask(t.Context(), t, "big.jpg", ops)
			if err != nil {
				t.Fatal(err)
			}
			r.Blob.Close()
			epochs = append(epochs, r.Epoch)
		}
	}
	m = newLargeFixture(t, func(c *pipeline.Config) {
		for _, s := range []*cache.Store{&c.Originals.Cache, &c.Mezzanines.Cache, &c.Derivatives.Cache} {
			*s = &watched{*s, ask}
		}
	})
	if r := m.Prime(t.Context(), "big.jpg", variants(t, "60x")); r.Made != 1 || m.mezzanines.Len() != 1 {
		t.Fatalf("primed %+v, without a mezzanine", r)
	}
	m.origin.Put("big.jpg", picture(640, 320))
	if _, err := m.Forget("big.jpg"); err != nil {
		t.Fatal(err)
	}
	if len(asked) != 6 {
		t.Fatalf("asked for %q", asked)
	}
	now := m.Epoch(variant.Key("big.jpg").Name())
	if slices.Contains(epochs, now) {
		t.Errorf("answers from before it was forgotten: %d, now it is %d", epochs, now)
	}
	for i, ops := range asked {
		r, err := m.ask(t.Context(), t, "big.jpg", ops)
		if err != nil {
			t.Fatal(err)
		}
		made, _, err := image.DecodeConfig(r.Blob.Content())
		r.Blob.Close()
		if err != nil || made.Width != 20+i || made.Height != (21+i)/2 {
			t.Errorf("%s, the request %d while it was forgotten: now it is %dx%d, %v", ops, i, made.Width, made.Height, err)
		}
	}
}
