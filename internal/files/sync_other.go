//go:build !linux

package files

import "os"

// Sync writes the content of a file to the disk.
func Sync(f *os.File) error { return f.Sync() }
