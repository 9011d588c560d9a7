package files

import (
	"os"

	"golang.org/x/sys/unix"
)

// Sync writes the content of a file to the disk, with the metadata to find it.
func Sync(f *os.File) error {
	_, err := Retry(func() (struct{}, error) { return struct{}{}, unix.Fdatasync(int(f.Fd())) })
	return err
}
