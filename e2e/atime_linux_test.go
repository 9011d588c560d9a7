package e2e

import (
	"io/fs"
	"syscall"
	"time"
)

// accessed is when a file was last used.
func accessed(info fs.FileInfo) time.Time {
	st := info.Sys().(*syscall.Stat_t)
	return time.Unix(st.Atim.Sec, st.Atim.Nsec)
}
