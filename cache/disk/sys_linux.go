package disk

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// syncData brings a body to the disk, with what is needed to find it.
func syncData(f *os.File) error {
	_, err := retry(func() (struct{}, error) {
		return struct{}{}, unix.Fdatasync(int(f.Fd()))
	})
	return err
}

// setAccessTime sets the atime of a file and leaves its mtime.
func setAccessTime(path string, accessed time.Time, _ *unix.Stat_t) error {
	atime, err := unix.TimeToTimespec(accessed)
	if err != nil {
		return err
	}
	times := []unix.Timespec{atime, {Nsec: unix.UTIME_OMIT}}
	return unix.UtimesNanoAt(unix.AT_FDCWD, path, times, unix.AT_SYMLINK_NOFOLLOW)
}
