package cache

import (
	"os"

	"golang.org/x/sys/unix"
)

func getAttribute(f *os.File, value []byte) (n int, err error) {
	return onDescriptor(f, func(fd int) (int, error) { return unix.Fgetxattr(fd, attribute, value) })
}

func setAttribute(f *os.File, value []byte) error {
	_, err := onDescriptor(f, func(fd int) (int, error) { return 0, unix.Fsetxattr(fd, attribute, value, 0) })
	return err
}

// onDescriptor calls call with the file's descriptor, which stays open until it returns.
func onDescriptor(f *os.File, call func(fd int) (int, error)) (n int, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	if controlErr := raw.Control(func(fd uintptr) { n, err = call(int(fd)) }); controlErr != nil {
		return 0, controlErr
	}
	return n, err
}
