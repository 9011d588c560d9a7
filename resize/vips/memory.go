package vips

import (
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
