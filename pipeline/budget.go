package pipeline

import (
	"fmt"
	"sync"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/pipeline/gate"
)

// spareOriginals is how many originals of the largest size may be in memory
// while the disk takes none.
const spareOriginals = 4

// budget bounds the memory for originals that could not be kept on disk.
type budget struct {
	mu    sync.Mutex
	bytes int64
}

// hold takes the blob's size from the budget until it is closed. With nothing
// left it is closed, and ErrBusy returned.
func (b *budget) hold(blob *cache.Blob) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bytes < blob.Size {
		blob.Close()
		return fmt.Errorf("%w: the disk cache takes no originals, and no more fit into memory", gate.ErrBusy)
	}
	b.bytes -= blob.Size
	blob.OnClose = func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.bytes += blob.Size
	}
	return nil
}
