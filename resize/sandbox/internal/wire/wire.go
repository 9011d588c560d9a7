// Package wire is the protocol between the serving process and the child processes that
// decode pictures for it: its messages, how they are encoded, and what is checked when
// they are decoded. It is pure: it opens nothing and sends nothing.
//
// # The start
//
// A child is started without arguments, in the directory /, with a few variables of the
// parent's environment, standard input and output on /dev/null, and standard error on a
// pipe, of which the parent keeps the last 4 KiB to say why a child died.
//
// # The socket
//
// A child has one end of a pair of sockets (AF_UNIX, SOCK_SEQPACKET) as descriptor Socket.
// A packet is one message: a JSON document of at most MaxMessage bytes. The parent sends
// one Request at a time, and the next when the last Answer to it has come. No
// message cancels a request: a child that nobody waits for is killed. When the parent is
// gone, or needs the child no longer, the child reads the end of file, and exits with status 0.
//
// # Descriptors
//
// Descriptors go from the parent to the child only, with the packet of a Request, as many
// as Kind.Descriptors says, in this order:
//
//  1. The source: a file of Request.Size bytes, which is only to be read, with pread or
//     mmap: its offset is shared with the parent. What the parent had in memory comes in a
//     sealed memfd. A file on disk may still be truncated by others, and reading its
//     mapping is then SIGBUS.
//  2. The results: a new memfd of zeros whose size is fixed: it can neither grow nor
//     shrink, and is the room for all results of the request. The child writes them with
//     pwrite, one after the other, and says in its Answer where each is. A result that does
//     not fit is an Error of kind Failed.
//
// The child closes both before it sends its last Answer, and keeps no mapping of them. A
// descriptor that a child sends is closed unseen, and is an offence against the protocol.
//
// # Requests
//
// Setup is the first. Its source is an encoded SetUp. The child prepares its engine,
// puts up its walls, and answers with Ready; or with an Error, whose text is shown to the
// operator, and exits.
//
// Look has Header and Variant: Resizer.Look. The Answer has Found.
//
// Resize has Header and Plans, at most MaxPlans: Resizer.ResizeAll. There is an Answer
// for each plan, in their order and as soon as it is done, with Plan, and a result or an
// Error, or both where an engine is lenient. A final Answer follows, without Plan and with
// Last: its Error, if any, is about the whole request.
//
// Probe has Format and Page: Resizer.Probe. The Answer has Header.
//
// # What is believed
//
// Nothing that an Answer says, but Ready, which a child sends before it has seen a
// picture. DecodeAnswer checks what can be checked without the Request, and bounds every
// number and text. The sender of the Request compares ID, Plan and the place of the
// result, and reads the result itself.
package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

const (
	// Socket is the child's descriptor of its end of the socket.
	Socket = 3
	// MaxMessage is the size of the longest message, in bytes.
	MaxMessage = 64 << 10
	// MaxSetup is the size of the longest SetUp, in bytes.
	MaxSetup = 256 << 20
	// MaxPlans is how many plans a Request may have: so many fit into a message.
	MaxPlans = 64
)

var errTooLong = errors.New("the message is too long")

// encode returns the bytes of a message.
func encode(message any) ([]byte, error) {
	data, err := json.Marshal(message)
	if err == nil && len(data) > MaxMessage {
		err = errTooLong
	}
	return data, err
}

// decode fills a message, and checks it. It is strict: both sides are of one build.
func decode(data []byte, message interface{ check() error }) error {
	if len(data) > MaxMessage {
		return errTooLong
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(message); err != nil {
		return err
	}
	if _, more := d.Token(); more != io.EOF {
		return errors.New("there is something after the message")
	}
	return message.check()
}
