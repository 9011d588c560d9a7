package derivatives

import (
	"context"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/shared"
	"github.com/thumbery/thumbery/variant"
)

// ReadShared reads a derivative from the shared tier, as shared.Store.Get does.
func (s *Store) ReadShared(ctx context.Context, name variant.Name) (b Body, ok bool) {
	o, err := s.Shared.Get(ctx, name)
	return Body{Data: o.Data, Sum: o.Sum, ModTime: o.ModTime, MediaType: o.MediaType}, err == nil
}

// Share has a derivative written to the shared tier later. With waits, it waits until there is
// room in the queue, for work that no client waits for.
func (s *Store) Share(ctx context.Context, name variant.Name, epoch uint64, b *Body, c shared.Cost, waits bool) {
	s.Shared.Keep(ctx, shared.Entry{
		Object: shared.Object{Data: b.Data, Sum: b.Sum, ModTime: b.ModTime, MediaType: b.MediaType},
		Name:   name, Epoch: epoch, Cost: c, Waits: waits,
	})
}

// isValid reports whether a body of the shared tier is a whole derivative of its media type.
func isValid(o shared.Object) bool {
	return mediaTypeOf(cache.InMemory(o.Data, o.ModTime)) == o.MediaType
}
