package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/sandbox/internal/cgroup"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
)

// dying is how long a process may take to end whose connection has ended.
const dying = time.Second

// end says why a child can go on no more, and kills it if it has not ended by itself. err is
// the error of its last exchange. It waits until the process is gone only if that tells the
// cause: one with much memory takes a second to end.
func (c *child) end(err error) Death {
	if f, ok := errors.AsType[fault](err); ok {
		c.kill()
		return Death{Cause: f.cause, Detail: wire.Printable(f.Error())}
	}
	select {
	case <-c.reaped:
		return c.ending()
	case <-time.After(dying):
		c.kill()
		return Death{Cause: Protocol, Detail: "it closed its connection"}
	}
}

// ending says how a child ended by itself.
func (c *child) ending() Death {
	if c.status == nil { // where the process was started with SIGCHLD ignored
		return Death{Cause: Signal, Detail: "how it ended is not known"}
	}
	detail := c.status.String()
	if last := c.said.summary(); last != "" {
		detail = wire.Printable(detail + ": " + last)
	}
	switch {
	case c.oom == cgroup.GroupShort:
		return Death{Cause: Memory, Detail: "the kernel killed it, as its cgroup had no memory left"}
	case c.oom == cgroup.SystemShort:
		return Death{Cause: Memory, systemShort: true, Detail: "the kernel killed it, as the system, or the cgroup of the service, had no memory left"}
	case mentions(c.said.String(), starving):
		return Death{Cause: Memory, Detail: detail}
	case c.status.Success():
		return Death{Cause: Protocol, Detail: detail}
	}
	return Death{Cause: Signal, Detail: detail}
}

// starving are what libraries and runtimes write before they end a process for which
// there is no memory: glib, Go, C++, Rust. Read-only.
var starving = []string{
	"failed to allocate", "out of memory", "cannot allocate memory", "Cannot allocate memory",
	"bad_alloc", "memory allocation of", "failed to create new OS thread", "pthread_create failed", "failed to reserve",
}

func mentions(text string, any []string) bool {
	return slices.ContainsFunc(any, func(s string) bool { return strings.Contains(text, s) })
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
	case d.Cause == Memory && p.config.Memory <= 0: // without a limit, the picture is not at fault
		return fmt.Errorf("%w: a process that makes pictures got none", resize.ErrNoMemory)
	case d.Cause == Memory:
		return fmt.Errorf("%w: %s", resize.ErrTooMuchMemory, humanize.IBytes(uint64(p.config.Memory)))
	}
	// A file that is truncated while it is mapped ends a process, too.
	if err := readable(src); err != nil {
		return err
	}
	return fmt.Errorf("%w: %s", resize.ErrDied, d.Detail)
}

// readable is the error of reading src as a whole, if there is one.
func readable(src resize.Source) error {
	n, err := io.Copy(io.Discard, io.NewSectionReader(src.At, 0, src.Size))
	if err == nil && n < src.Size {
		return io.ErrUnexpectedEOF
	}
	return err
}
