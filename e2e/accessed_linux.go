package e2e

import (
	"io/fs"
	"syscall"
	"time"
)

// Accessed is the atime of a file.
func Accessed(info fs.FileInfo) time.Time {
	st := info.Sys().(*syscall.Stat_t)
	return time.Unix(st.Atim.Sec, st.Atim.Nsec)
}
