package pinned

import "syscall"

// dieWithParent has the kernel kill the child when a test that panicked or ran
// out of time leaves without cleaning up.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
