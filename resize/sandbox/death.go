package sandbox

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/sandbox/internal/cgroup"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
)

// ending says how a child ended by itself.
func (c *child) ending() (Cause, string) {
	if c.status == nil { // where the process was started with SIGCHLD ignored
		return Signal, "how it ended is not known"
	}
	detail := c.status.String()
	if last := c.said.summary(); last != "" {
		detail = wire.Printable(detail + ": " + last)
	}
	switch {
	case c.oom == cgroup.GroupShort:
		return Memory, "the kernel killed it, as its cgroup had no memory left"
	case c.oom == cgroup.SystemShort:
		return Memory, "the kernel killed it, as the system, or the cgroup of the service, had no memory left"
	case mentions(c.said.String(), starving):
		return Memory, detail
	case c.status.Success():
		return Protocol, detail
	}
	return Signal, detail
}

// starving are what libraries and runtimes write before they end a process for which
// there is no memory: glib, Go, C++, Rust. Read-only.
var starving = []string{
	"failed to allocate", "out of memory", "cannot allocate memory", "Cannot allocate memory",
	"bad_alloc", "memory allocation of", "failed to create new OS thread", "pthread_create failed", "failed to reserve",
}

func mentions(text string, any []string) bool {
	for _, s := range any {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// errorOf is the error of a call whose child died.
func (p *Pool) errorOf(ctx context.Context, src resize.Source, d Death) error {
	switch {
	case ctx.Err() != nil:
		return endOf(ctx)
	case p.life.Err() != nil: // Close has killed it
		return resize.ErrNoProcess
	case d.systemShort:
		return fmt.Errorf("%w: %s", resize.ErrNoMemory, d.Detail)
	case d.Cause == Memory:
		return p.tooMuchMemory()
	case d.Cause == Time:
		return fmt.Errorf("%w: %s", resize.ErrTooSlow, d.Detail)
	}
	// A file that is truncated while it is mapped ends a process, too.
	if err := readable(src); err != nil {
		return err
	}
	return fmt.Errorf("%w: %s", resize.ErrDied, d.Detail)
}

// tooMuchMemory is the error for a picture that needs more memory than there is for one;
// without a limit, there was none, and the picture is not at fault.
func (p *Pool) tooMuchMemory() error {
	if p.config.Memory <= 0 {
		return fmt.Errorf("%w: a process that makes pictures got none", resize.ErrNoMemory)
	}
	return fmt.Errorf("%w: %s", resize.ErrTooMuchMemory, humanize.IBytes(uint64(p.config.Memory)))
}

// endOf is the error of a ctx that has ended, otherwise nil.
func endOf(ctx context.Context) error {
	if cause := context.Cause(ctx); errors.Is(cause, resize.ErrTooSlow) {
		return cause
	}
	return ctx.Err()
}
