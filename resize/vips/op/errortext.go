package op

// #include "shim.h"
import "C"

import (
	"strings"
	"sync"
)

// libvips appends all error messages to one buffer for the whole process, and does not
// record to which image, operation or thread a line belongs. So a message may be quoted
// only if no other picture was worked on since the buffer was cleared: an ErrorScope
// keeps track of that.

// errorBuffer is held while the buffer is read or cleared, so that nobody enters
// in between.
var errorBuffer struct {
	sync.Mutex
	scopes  int // that were entered and not left
	entered int // in all
}

// ErrorScope is the time during which libvips works on one picture.
type ErrorScope struct {
	alone  bool // when it was entered
	number int  // of all that were entered
}

// EnterErrors begins a scope, which ends with Leave.
func EnterErrors() ErrorScope {
	errorBuffer.Lock()
	defer errorBuffer.Unlock()
	errorBuffer.scopes++
	errorBuffer.entered++
	if errorBuffer.scopes == 1 {
		C.vips_error_clear()
	}
	return ErrorScope{errorBuffer.scopes == 1, errorBuffer.entered}
}

// Leave ends the scope.
func (ErrorScope) Leave() {
	errorBuffer.Lock()
	defer errorBuffer.Unlock()
	errorBuffer.scopes--
}

// take clears the buffer and returns its text. mine reports that the text is about
// the picture of this scope.
func (s ErrorScope) take() (text string, mine bool) {
	errorBuffer.Lock()
	defer errorBuffer.Unlock()
	return takeErrorText(), s.alone && errorBuffer.entered == s.number
}

// takeErrorText clears the buffer and returns its text in one line.
func takeErrorText() string {
	said := C.vips_error_buffer_copy()
	defer C.g_free(C.gpointer(said))
	return strings.ReplaceAll(strings.TrimSpace(C.GoString(said)), "\n", "; ")
}
