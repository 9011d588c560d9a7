package pinned

import "syscall"

// dieWithParent has the kernel kill the child if a test panics or times out and cannot
// clean up.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
