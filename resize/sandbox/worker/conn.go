package worker

import (
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
)

// conn is the process's end of the connection to its parent.
type conn struct {
	socket int
	buf    []byte // for a message, and a byte more to tell when one is longer
	oob    []byte // for the descriptors that come with it
}

// HasParent reports whether a program started this process that speaks the protocol.
func HasParent() bool {
	kind, err := unix.GetsockoptInt(wire.Socket, unix.SOL_SOCKET, unix.SO_TYPE)
	return err == nil && kind == unix.SOCK_SEQPACKET
}

func newConn(socket int) *conn {
	const mostDescriptors = 2
	return &conn{socket, make([]byte, wire.MaxMessage+1), make([]byte, unix.CmsgSpace(4*mostDescriptors))}
}

// receive waits for the next request, and returns it with the descriptors that belong to
// it. The error is io.EOF when the parent has closed the connection.
func (c *conn) receive() (wire.Request, []int, error) {
	n, files, err := c.packet()
	if err != nil {
		return wire.Request{}, nil, err
	}
	r, err := wire.DecodeRequest(c.buf[:n])
	if err == nil && len(files) != r.Kind.Descriptors() {
		err = fmt.Errorf("%d descriptors came with %s", len(files), r.Kind)
	}
	return r, files, err
}

// packet waits for a packet in the kernel: nothing else goes on meanwhile. Its descriptors
// would stay open over an exec, which a worker never does.
func (c *conn) packet() (length int, files []int, err error) {
	n, oobn, flags, _, err := unix.Recvmsg(c.socket, c.buf, c.oob, 0)
	for err == unix.EINTR {
		n, oobn, flags, _, err = unix.Recvmsg(c.socket, c.buf, c.oob, 0)
	}
	switch {
	case err == unix.ECONNRESET, err == nil && n == 0 && oobn == 0:
		return 0, nil, io.EOF
	case err != nil:
		return 0, nil, err
	case flags&unix.MSG_CTRUNC != 0:
		return 0, nil, errors.New("too many descriptors came with a message")
	case oobn == 0:
		return n, nil, nil
	}
	messages, err := unix.ParseSocketControlMessage(c.oob[:oobn])
	if err != nil {
		return 0, nil, err
	}
	files, err = unix.ParseUnixRights(&messages[0]) // Linux puts all of a packet into one
	return n, files, err
}

// send sends an answer, for which the parent waits. A parent that is gone is io.EOF.
func (c *conn) send(a wire.Answer) error {
	data, err := a.Encode()
	if err != nil {
		return err
	}
	for {
		switch err := unix.Sendmsg(c.socket, data, nil, nil, unix.MSG_NOSIGNAL); err {
		case unix.EINTR:
		case unix.EPIPE, unix.ECONNRESET:
			return io.EOF
		default:
			return err
		}
	}
}
