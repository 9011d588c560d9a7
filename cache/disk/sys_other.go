//go:build !linux

package disk

import (
	"time"

	"golang.org/x/sys/unix"
)

// damage are the errors of file systems about a file that is damaged.
var damage = []error{unix.EIO, unix.ESTALE}

// setAccessTime sets the atime of a file and its mtime to what it had, since
// not every system can leave that.
func setAccessTime(path string, accessed time.Time, st *unix.Stat_t) error {
	atime, err := unix.TimeToTimespec(accessed)
	if err != nil {
		return err
	}
	return unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{atime, st.Mtim}, unix.AT_SYMLINK_NOFOLLOW)
}

// keepAccessTime does nothing: most systems have no such flag.
func keepAccessTime(int) {}
