package disk

import (
	"time"

	"golang.org/x/sys/unix"
)

// damage are the errors of file systems, and of what is below them, about a file that
// is damaged: EIO, the names that ext4 and XFS have for bad structures and sums, that of
// the block layer for a bad medium, and that of NFS for a file that has gone.
var damage = []error{unix.EIO, unix.EUCLEAN, unix.EBADMSG, unix.ENODATA, unix.EREMOTEIO, unix.ESTALE}

// setAccessTime sets the atime of a file and leaves its mtime.
func setAccessTime(path string, accessed time.Time, _ *unix.Stat_t) error {
	atime, err := unix.TimeToTimespec(accessed)
	if err != nil {
		return err
	}
	times := []unix.Timespec{atime, {Nsec: unix.UTIME_OMIT}}
	return unix.UtimesNanoAt(unix.AT_FDCWD, path, times, unix.AT_SYMLINK_NOFOLLOW)
}
