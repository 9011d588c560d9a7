package sandbox

import (
	"cmp"
	"strings"
	"sync"

	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
)

// How much is kept of what a child writes to standard error, in bytes: the beginning says
// why it crashed, if it is Go that says it, before traces that nothing turns off; and the
// end, if it is a library.
const (
	keptFirst = 1 << 10
	keptLast  = 3 << 10
)

// tail keeps the beginning and the end of what is written to it.
type tail struct {
	mu    sync.Mutex
	first []byte
	last  []byte // at most twice keptLast
}

// Write implements io.Writer. It never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(p)
	room := min(keptFirst-len(t.first), n)
	t.first = append(t.first, p[:room]...)
	p = p[room:]
	p = p[max(0, len(p)-keptLast):]
	if len(t.last)+len(p) > 2*keptLast {
		t.last = append(t.last[:0], t.last[len(t.last)-keptLast:]...)
	}
	t.last = append(t.last, p...)
	return n, nil
}

// forget drops what was kept, which was said about something else.
func (t *tail) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.first, t.last = t.first[:0], t.last[:0]
}

// String is what was kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.first) + string(t.last[max(0, len(t.last)-keptLast):])
}

// reasons begin, or are in, the lines that say why a process ends: of Go, glibc, C++, glib
// and Rust. Read-only.
var reasons = append([]string{
	"panic", "fatal error", "SIG", "runtime/cgo:", "***", "free()", "malloc()", "corrupt", "terminate called", "ssertion", "-ERROR", "error while loading",
}, starving...)

// summary is the line that says why the process ends, else the first that is not a warning,
// else the first. It is printable.
func (t *tail) summary() string {
	var first, plain string
	for line := range strings.Lines(t.String()) {
		line = strings.TrimSpace(line)
		warns := strings.Contains(strings.ToLower(line), "warning")
		switch {
		case !warns && mentions(line, reasons):
			return wire.Printable(line)
		case !warns:
			plain = cmp.Or(plain, line)
		}
		first = cmp.Or(first, line)
	}
	return wire.Printable(cmp.Or(plain, first))
}
