package worker_test

import (
	"cmp"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"golang.org/x/sys/unix"
)

// confine is the environment variable that makes the test's binary put on what a container
// or a hardened unit of systemd puts on, and then become the program that it names.
const confine = "WORKER_TEST_CONFINE"

// refused are system calls that Docker's default profile or systemd's @system-service
// refuse, of those that libraries, Go or C's library try.
var refused = []string{
	"add_key", "bpf", "get_mempolicy", "io_uring_setup", "kcmp", "kexec_load", "keyctl", "mbind", "mount", "move_pages", "perf_event_open",
	"personality", "pivot_root", "process_vm_readv", "ptrace", "request_key", "sched_setattr", "set_mempolicy", "setns", "setrlimit", "swapon", "umount2", "unshare",
	"userfaultfd",
}

func becomeConfined() error {
	if os.Getuid() == 0 {
		const nobody = 65534
		if err := cmp.Or(syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody)); err != nil {
			return err
		}
	}
	err := seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: seccomp.Policy{
		DefaultAction: seccomp.ActionAllow,
		Syscalls: []seccomp.SyscallGroup{
			{Action: seccomp.ActionErrno, Names: refused},
			{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: []string{"clone3"}},
		},
	}})
	if err != nil {
		return err
	}
	path := os.Getenv(confine)
	return syscall.Exec(path, []string{path}, nil)
}

// confined has a worker started as nobody, without capabilities, and with fewer system calls.
func confined(cmd *exec.Cmd) {
	cmd.Env = append(cmd.Env, confine+"="+cmd.Path)
	cmd.Path = os.Args[0]
}

// All walls can be put up in containers and units that confine the whole service.
func TestConfined(t *testing.T) {
	t.Parallel()
	c := start(t, setUp(), confined)
	for _, w := range c.ready.Walls {
		if w.Missing != "" {
			t.Errorf("no %s: %s", w.Name, w.Missing)
		}
	}
	src := []byte(textSVG)
	h, err := c.header(src)
	if err != nil {
		t.Fatal(err)
	}
	if a := c.make(src, h, "50x,f_webp"); a.Err != nil || a.Len == 0 {
		t.Errorf("%+v", a)
	}
	if a, err := c.attempt("escape=read /etc/passwd"); err != nil || a.Err != nil {
		t.Errorf("%+v, %v", a, err)
	}
	c.stop()
	if said := c.stderr.String(); strings.Count(said, "permission denied") != 2 {
		t.Error(said)
	}
}
