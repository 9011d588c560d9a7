package pipeline_test

import (
	"bytes"
	"testing"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/variant"
)

// An original is inspected once for all derivatives, and again after it was forgotten.
// A file replaced behind our back with one of the same size and time is taken for the
// same, which shows that it is not inspected again.
func TestMeasuredOnce(t *testing.T) {
	h := newFixture()
	h.want(t, "cat.jpg", "40x", pipeline.Made, 40, 30)
	name := variant.Key("cat.jpg").Name()
	old, err := h.originals.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	upright := picture(60, 80)
	if int64(len(upright)) != old.Size {
		t.Fatalf("%d and %d bytes: the test needs pictures of one size", len(upright), old.Size)
	}
	b, err := h.originals.Fill(t.Context(), name, bytes.NewReader(upright), old.ModTime)
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	h.want(t, "cat.jpg", "20x", pipeline.Made, 20, 15)

	h.origin.Put("cat.jpg", upright)
	if _, err := h.Forget("cat.jpg"); err != nil {
		t.Fatal(err)
	}
	h.want(t, "cat.jpg", "30x", pipeline.Made, 30, 40)
}
