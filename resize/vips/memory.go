package vips

import (
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/resize/vips/op"
)

// leastMemory is how much memory must be free for a failure to count as the picture's:
// some decoders do not report that they got none.
const leastMemory = 64 << 20

// memoryFor reports whether there is memory to decode a picture as a whole, as those do
// that cannot go row by row.
func memoryFor(h header.Header) bool {
	return op.CanAllocate(max(leastMemory, 4*h.Pixels()))
}

const (
	// heavyCost is the resize.Plan.Cost of a picture after which memory is given back,
	// 32 MiB: lighter ones leave little more than the next one needs.
	heavyCost = 8 << 20
	// trimAfter is how long after a heavy picture that happens, once for all that end
	// meanwhile. It takes 4 to 140 ms, and gives back 15 to 125 MiB after pictures of 24
	// megapixels.
	trimAfter = time.Second
)

// trimmer gives memory back.
type trimmer struct {
	trim    func()
	pending atomic.Bool
}

// trimmed is all of the process: malloc is.
var trimmed = trimmer{trim: op.TrimMemory}

// after notes that something of that cost is done.
func (t *trimmer) after(cost int64) {
	if cost < heavyCost || t.pending.Swap(true) {
		return
	}
	time.AfterFunc(trimAfter, func() {
		t.pending.Store(false)
		t.trim()
	})
}
