package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"

	"github.com/thumbery/thumbery/resize/sandbox/internal/cgroup"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
	"golang.org/x/sys/unix"
)

// child is a process that makes pictures. One goroutine at a time uses it.
type child struct {
	process *os.Process
	conn    *net.UnixConn
	said    *tail         // to standard error
	group   *cgroup.Group // nil is none

	reaped chan struct{}    // closed when the process is gone
	status *os.ProcessState // then
	oom    cgroup.OOM       // then

	buf      []byte     // for messages
	id       uint64     // of the last request
	is       wire.Ready // since it is ready
	pictures int        // made
	base     int64      // resident bytes when it was ready
}

// fault is what a child has done wrong, for which it must end, or why it was not waited for.
type fault struct {
	cause Cause
	error
}

// offend is the fault of a breach of the protocol.
func offend(format string, args ...any) error { return fault{Protocol, fmt.Errorf(format, args...)} }

// errStale means that a child answered an earlier request once more.
var errStale = offend("it answered an earlier request again")

// blameless is the error of a request to a child that had died or gone wrong before.
type blameless struct{ error }

// exchange sends a request and passes each answer to take, until the last or until an
// error of take. Once ctx has ended, answers are dropped.
//
// Without an error, the child is ready for the next request. Otherwise the error is
// blameless; a fault, of cause Time if the child has not answered when ctx ended, or soon
// after; what take returned; or that of the connection, which is gone.
func (c *child) exchange(ctx context.Context, r wire.Request, files []*os.File, take func(wire.Answer) error) error {
	defer c.obey(ctx)()
	c.id++
	r.ID = c.id
	if err := c.send(r, files); err != nil {
		return blameless{late(err)}
	}
	for first := true; ; first = false {
		a, err := c.receive()
		if first && (err == errStale || errors.Is(err, unix.ECONNRESET)) { // it has not read the request
			return blameless{err}
		}
		if err == nil && ctx.Err() == nil {
			err = take(a)
		}
		if err != nil || a.Last {
			return late(err)
		}
	}
}

// late makes a fault of the end of waiting for a child.
func late(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fault{Time, errors.New("it was killed")}
	}
	return err
}

func (c *child) send(r wire.Request, files []*os.File) error {
	message, err := r.Encode()
	if err != nil {
		return err
	}
	fds := make([]int, len(files))
	for i, f := range files {
		fds[i] = int(f.Fd())
	}
	_, _, err = c.conn.WriteMsgUnix(message, unix.UnixRights(fds...), nil)
	runtime.KeepAlive(files)
	return err
}

// receive returns the next answer to the last request.
func (c *child) receive() (wire.Answer, error) {
	// Without a buffer for them, descriptors that come along are closed by the kernel.
	n, _, flags, _, err := c.conn.ReadMsgUnix(c.buf, nil)
	switch {
	case err != nil:
		return wire.Answer{}, err
	case flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) != 0:
		return wire.Answer{}, offend("it sent a message that is too long, or descriptors")
	}
	a, err := wire.DecodeAnswer(c.buf[:n])
	switch {
	case err != nil:
		return wire.Answer{}, fault{Protocol, err}
	case a.ID < c.id:
		return wire.Answer{}, errStale
	case a.ID != c.id:
		return wire.Answer{}, offend("it answered request %d, not %d", a.ID, c.id)
	}
	return a, nil
}

// whileIdle is nil if the child is connected and has said nothing that was not asked for.
// Otherwise it is a fault, or the error of the connection, which is gone.
func (c *child) whileIdle() (err error) {
	raw, closed := c.conn.SyscallConn()
	if closed != nil {
		return closed
	}
	closed = raw.Control(func(fd uintptr) {
		var n int
		switch n, _, err = unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT); {
		case err == unix.EAGAIN:
			err = nil
		case err == nil && n == 0:
			err = io.EOF
		case err == nil:
			err = offend("it said something while it was idle")
		}
	})
	return cmp.Or(closed, err)
}
