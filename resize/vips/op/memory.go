package op

// #include "shim.h"
import "C"

import "strings"

// memoryWords occur in the messages of libvips and its decoders if they get no memory.
var memoryWords = []string{"memory", "mmap", "malloc", "unable to allocate", "failed to allocate", "could not allocate", "no space for", "bad_alloc", "creating thread"}

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
func (r *Run) ranOutOfMemory(text string) bool {
	return saysMemory(text) || memoryFailures() != r.memoryFailures
}

// CanAllocate reports whether so many bytes of memory can be had at this moment.
func CanAllocate(n int64) bool { return C.shim_can_allocate(C.size_t(n)) != 0 }
