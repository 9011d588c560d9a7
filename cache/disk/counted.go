package disk

import (
	"context"
	"io"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/variant"
)

// Counted returns s, a tier, which tells the inventory what it keeps and what is
// forgotten by RemoveSource. Single entries that are removed are not counted, as their
// size is not known.
func Counted(s cache.Store, t eviction.Tier, inventory *Inventory) cache.Store {
	return &counted{s, t, inventory}
}

type counted struct {
	cache.Store
	tier      eviction.Tier
	inventory *Inventory
}

// Fill implements cache.Store.
func (c *counted) Fill(ctx context.Context, name variant.Name, r io.Reader, modTime time.Time) (*cache.Blob, error) {
	b, err := c.Store.Fill(ctx, name, r, modTime)
	if err == nil && b.NotKept == nil && b.Size > 0 {
		c.inventory.Kept(c.tier, b.Size)
	}
	return b, err
}

// RemoveSource implements cache.Store.
func (c *counted) RemoveSource(source variant.Name) (files int, bytes int64, err error) {
	files, bytes, err = c.Store.RemoveSource(source)
	if files > 0 {
		c.inventory.Removed(c.tier, eviction.Count{Files: int64(files), Bytes: bytes})
	}
	return files, bytes, err
}
