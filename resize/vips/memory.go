package vips

// #include "shim.h"
import "C"

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
)

// memoryWords are in what libvips and its decoders say when they get no memory.
var memoryWords = []string{"memory", "mmap", "malloc", "unable to allocate", "failed to allocate", "could not allocate", "no space for", "bad_alloc"}

// saysMemory reports whether the text of an error is about memory. libheif gives its
// own limits as errors of memory; what is beyond them is the picture's fault.
func saysMemory(text string) bool {
	text = strings.ToLower(text)
	if strings.Contains(text, "security limit") {
		return false
	}
	for _, word := range memoryWords {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// memoryFailures counts how often any thread of libvips said that memory ran out.
func memoryFailures() int { return int(C.shim_short_of_memory()) }

// noMemory is an error of kind resize.ErrNoMemory where one can be: some thread has
// said that memory ran out since the run began. It need not have been one of this
// run, but then it says nothing against the picture either.
func (r *run) noMemory(said error) error {
	if saysMemory(said.Error()) || memoryFailures() != r.memoryFailures {
		return fmt.Errorf("%w: %w", resize.ErrNoMemory, said)
	}
	return said
}

// leastMemory is what must be free for a failure to be the picture's: some decoders
// do not say that they got no memory.
const leastMemory = 64 << 20

// memoryFor reports whether there is memory to decode a picture as a whole, as those do
// that cannot go row by row.
func memoryFor(h header.Header) bool {
	return C.shim_can_allocate(C.size_t(max(leastMemory, 4*h.Pixels()))) != 0
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
var trimmed = trimmer{trim: func() { C.shim_trim() }}

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
