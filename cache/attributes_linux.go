package cache

import (
	"os"
	"time"

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

// Times returns when the entry was written and when it was last used, to the hour; zero where
// that is not known, as for an entry in memory.
func (b *Blob) Times() (written, used time.Time) {
	f, ok := b.file.(*os.File)
	if !ok {
		return written, used
	}
	var st unix.Statx_t
	_, err := onDescriptor(f, func(fd int) (int, error) {
		return 0, unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_BTIME|unix.STATX_ATIME, &st)
	})
	if err != nil {
		return written, used
	}
	if st.Mask&unix.STATX_BTIME != 0 {
		written = time.Unix(st.Btime.Sec, int64(st.Btime.Nsec))
	}
	return written, time.Unix(st.Atime.Sec, int64(st.Atime.Nsec))
}
