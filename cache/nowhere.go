package cache

import (
	"context"
	"io"
	"time"

	"github.com/thumbery/thumbery/variant"
)

// Nowhere is a Store that keeps nothing, for pictures that live in memory only.
type Nowhere struct{}

// Open returns ErrMiss.
func (Nowhere) Open(variant.Name) (*Blob, error) { return nil, ErrMiss }

// Peek returns ErrMiss.
func (Nowhere) Peek(variant.Name) (*Blob, error) { return nil, ErrMiss }

// Touch returns ErrMiss.
func (Nowhere) Touch(variant.Name) (Stat, error) { return Stat{}, ErrMiss }

// Fill returns the body in memory. Its NotKept is ErrNoRoom.
func (Nowhere) Fill(_ context.Context, _ variant.Name, r io.Reader, modTime time.Time) (*Blob, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	b := InMemory(data, modTime)
	b.NotKept = ErrNoRoom
	return b, nil
}

// Remove does nothing.
func (Nowhere) Remove(variant.Name) error { return nil }

// RemoveSource does nothing.
func (Nowhere) RemoveSource(variant.Name) (files int, bytes int64, err error) { return 0, 0, nil }

// Check returns nil.
func (Nowhere) Check() error { return nil }
