//go:build !linux

package disk

import "golang.org/x/sys/unix"

// damage are the errors of file systems about a file that is damaged.
var damage = []error{unix.EIO, unix.ESTALE}

// keepAccessTime does nothing: most systems have no such flag.
func keepAccessTime(int) {}
