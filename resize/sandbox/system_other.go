//go:build unix && !linux

package sandbox

import (
	"errors"
	"os"
	"runtime"
	"syscall"

	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
	"golang.org/x/sys/unix"
)

// attributes keep the signals of a terminal from a child. It ends when it reads the end of
// its connection.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// keepDescriptors does nothing: these systems cannot do it for all at once.
func keepDescriptors() {}

// socketPair returns two connected sockets that keep the bounds of messages.
func socketPair() (ours, theirs *os.File, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	kind := unix.SOCK_SEQPACKET
	if runtime.GOOS == "darwin" { // which has none for local sockets
		kind = unix.SOCK_DGRAM
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, kind, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	for _, fd := range fds {
		unix.CloseOnExec(fd)
		// The buffers bound the size of a datagram.
		err = errors.Join(err, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, 2*wire.MaxMessage),
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 4*wire.MaxMessage))
	}
	if err != nil {
		unix.Close(fds[0])
		unix.Close(fds[1])
		return nil, nil, os.NewSyscallError("setsockopt", err)
	}
	return os.NewFile(uintptr(fds[0]), "child"), os.NewFile(uintptr(fds[1]), "parent"), nil
}

// anonymous returns a new empty file that has no name.
func anonymous(name string) (*os.File, error) {
	f, err := os.CreateTemp("", "thumbery-"+name)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// fixSize makes f a file of size zeros. A child could change that: what is read of it is
// compared with what it said.
func fixSize(f *os.File, size int64) error { return f.Truncate(size) }

// seal does nothing: these systems have no way to keep a file as it is.
func seal(*os.File) error { return nil }

// resident cannot be told.
func resident(int) int64 { return 0 }
