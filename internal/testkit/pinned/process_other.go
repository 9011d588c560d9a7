//go:build !linux

package pinned

import "syscall"

// dieWithParent needs a kernel that can do it.
func dieWithParent() *syscall.SysProcAttr { return nil }
