//go:build amd64 || arm64

package walls

import (
	"testing"

	"github.com/elastic/go-seccomp-bpf/arch"
)

// The names of system calls exist on all processors that have a list: a name that does
// not would be an error at the start, there only.
func TestNamesExist(t *testing.T) {
	t.Parallel()
	for _, a := range []*arch.Info{arch.X86_64, arch.AARCH64} {
		for _, name := range append(compute, "clone", "clone3", "fcntl", "openat", "prctl", "prlimit64", "recvmsg", "sendmsg", "tgkill") {
			if _, ok := a.SyscallNames[name]; !ok {
				t.Errorf("%s has no %s", a.Name, name)
			}
		}
	}
	p := policy(1, 3)
	if _, err := p.Assemble(); err != nil {
		t.Error(err)
	}
}
