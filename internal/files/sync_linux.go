package files

import (
	"os"

	"golang.org/x/sys/unix"
)

// Sync writes the content of a file to the disk, with the metadata to find it.
func Sync(f *os.File) error {
	return Retry(func() error { return unix.Fdatasync(int(f.Fd())) })
}
