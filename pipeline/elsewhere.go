package pipeline

import (
	"context"
	"fmt"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// Link makes a URL at which the original can be had from its place, for a while,
// whether or not it is there; of a chain, from the first place that has such URLs.
// The error is storage.ErrUnavailable where none has, as a directory.
func (p *Pipeline) Link(ctx context.Context, key variant.Key, o storage.LinkOptions) (string, error) {
	linker, ok := p.Origin.(storage.Linker)
	if !ok {
		return "", fmt.Errorf("%w: it has no links", storage.ErrUnavailable)
	}
	return linker.Link(ctx, string(key), o)
}
