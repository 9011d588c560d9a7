package pipeline_test

import (
	"bytes"
	"hash/crc32"
	"testing"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/storage"
)

// The sum is that of the very bytes: a derivative made from a mezzanine may have as
// many bytes as one made from the original, under the same name.
func TestSum(t *testing.T) {
	h := newFixture()
	of := func(data []byte) uint32 { return crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)) }
	want := func(h *fixture, source pipeline.Source) []byte {
		t.Helper()
		r, err := h.ask(t.Context(), t, "cat.jpg", "40x")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Blob.Close()
		data, err := r.Blob.Bytes()
		if err != nil || r.Source != source || r.Sum != of(data) || r.Sum == 0 {
			t.Fatalf("source %d: sum %08x of %d bytes, %v, want source %d, sum %08x", r.Source, r.Sum, len(data), err, source, of(data))
		}
		if l, ok := h.Locate(t.Context(), "cat.jpg", parse(t, "40x"), r.Name); !ok || l.Sum != r.Sum {
			t.Errorf("located with sum %08x, %t", l.Sum, ok)
		}
		return data
	}
	restarted := func() *fixture {
		return newFixture(func(c *pipeline.Config) { c.Derivatives.Cache, c.Derivatives.MemoryBytes = h.derivatives, 0 })
	}
	data := want(h, pipeline.Made)
	want(h, pipeline.FromMemory)
	want(restarted(), pipeline.FromDisk)

	// Other bytes of the same length and date, as the other way would have made.
	name := h.Name("cat.jpg", parse(t, "40x"), 0)
	b, err := h.derivatives.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Clone(data)
	other[len(other)-3] ^= 1
	if _, err := h.derivatives.Fill(t.Context(), name, bytes.NewReader(other), b.ModTime); err != nil {
		t.Fatal(err)
	}
	if got := want(restarted(), pipeline.FromDisk); !bytes.Equal(got, other) {
		t.Error("it is not the other")
	}
}

// An original has no sum: its name, date and size identify it.
func TestNoSumOfOriginals(t *testing.T) {
	h := newFixture()
	r, err := h.Original(t.Context(), "cat.jpg", parse(t, "raw"), storage.LinkOptions{})
	if err != nil || r.Sum != 0 {
		t.Errorf("sum %08x, %v", r.Sum, err)
	}
}
