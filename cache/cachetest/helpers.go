package cachetest

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/variant"
)

// randomBody returns n bytes that only depend on seed.
func randomBody(seed byte, n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(b) // never fails
	return b
}

// fill stores a body, and fails the test if that is not possible.
func fill(t *testing.T, s cache.Store, name variant.Name, body []byte) {
	t.Helper()
	closeBlob(t, fillAt(t, s, name, body, someTime))
}

func fillAt(t *testing.T, s cache.Store, name variant.Name, body []byte, modTime time.Time) *cache.Blob {
	t.Helper()
	b, err := s.Fill(t.Context(), name, bytes.NewReader(body), modTime)
	if err != nil {
		t.Fatalf("Fill(%s): %v", name, err)
	}
	if b.NotKept != nil {
		b.Close()
		t.Fatalf("Fill(%s): not kept: %v", name, b.NotKept)
	}
	return b
}

func open(t *testing.T, s cache.Store, name variant.Name) *cache.Blob {
	t.Helper()
	b, err := s.Open(name)
	if err != nil {
		t.Fatalf("Open(%s): %v", name, err)
	}
	return b
}

func closeBlob(t *testing.T, b *cache.Blob) {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// wantBody compares size and content.
func wantBody(t *testing.T, b *cache.Blob, want []byte) {
	t.Helper()
	if b.Size != int64(len(want)) {
		t.Errorf("Size = %d, want %d", b.Size, len(want))
	}
	got, err := io.ReadAll(b.Content())
	if err != nil {
		t.Fatalf("reading Content: %v", err)
	}
	wantBytes(t, "Content", got, want)
}

func wantBytes(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Fatalf("%s gave %d bytes (%.20x…), want %d (%.20x…)", what, len(got), got, len(want), want)
	}
}
