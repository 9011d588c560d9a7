//go:build !linux

package pinned

import "syscall"

// dieWithParent is only supported by Linux.
func dieWithParent() *syscall.SysProcAttr { return nil }
