package cache

import (
	"context"
	"io"
	"time"

	"github.com/thumbery/thumbery/variant"
)

// Discard is a Store that keeps nothing, as io.Discard is a Writer that does.
type Discard struct{}

var _ Store = Discard{}

// Open, Peek and Touch return ErrMiss.
func (Discard) Open(variant.Name) (*Blob, error) { return nil, ErrMiss }
func (Discard) Peek(variant.Name) (*Blob, error) { return nil, ErrMiss }
func (Discard) Touch(variant.Name) (Stat, error) { return Stat{}, ErrMiss }

// Fill returns the body in memory. Its NotKept is ErrNoRoom.
func (Discard) Fill(_ context.Context, _ variant.Name, r io.Reader, modTime time.Time) (*Blob, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	b := InMemory(data, modTime)
	b.NotKept = ErrNoRoom
	return b, nil
}

// Remove, RemoveSource and Check do nothing.
func (Discard) Remove(variant.Name) error                                     { return nil }
func (Discard) RemoveSource(variant.Name) (files int, bytes int64, err error) { return 0, 0, nil }
func (Discard) Check() error                                                  { return nil }
