package vips

// #include "shim.h"
import "C"

import (
	"strings"
	"sync/atomic"
	"time"

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

// ranOutOfMemory reports whether text, or any thread of libvips since the run began,
// says that memory ran out. If that was another picture's thread, this failure still
// says nothing against this picture.
func (r *run) ranOutOfMemory(text string) bool {
	return saysMemory(text) || memoryFailures() != r.memoryFailures
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
