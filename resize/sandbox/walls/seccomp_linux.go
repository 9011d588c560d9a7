//go:build amd64 || arm64

package walls

import (
	"os"
	"runtime"
	"slices"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"golang.org/x/sys/unix"
)

// compute are the system calls of a program that computes, in threads, with what it has.
var compute = []string{
	// memory
	"brk", "madvise", "mmap", "mprotect", "mremap", "munmap",
	// threads and signals; handlers are the process's own
	"exit", "exit_group", "futex", "getpid", "gettid", "membarrier", "restart_syscall", "rseq", "rt_sigaction", "rt_sigprocmask",
	"rt_sigreturn", "sched_getaffinity", "sched_yield", "set_robust_list", "sigaltstack",
	// time and chance
	"clock_getres", "clock_gettime", "clock_nanosleep", "getrandom", "getrusage", "gettimeofday", "nanosleep",
	// waiting; Go's own descriptors
	"epoll_create1", "epoll_ctl", "epoll_pwait", "eventfd2",
	// descriptors that it has
	"close", "fstat", "fstatfs", "fadvise64", "getdents64", "lseek", "pread64", "pwrite64", "read", "readv", "write", "writev",
	// whether files exist is no secret to it
	"faccessat", "faccessat2", "readlinkat", "statfs", "statx",
	// who and where it is
	"getcwd", "getegid", "geteuid", "getgid", "getuid", "sysinfo", "uname",
}

// changes are the flags of open that change a file, or open it for writing. Landlock denies
// that, too, where there is Landlock.
const changes = unix.O_WRONLY | unix.O_RDWR | unix.O_CREAT | unix.O_TRUNC

// threadFlags are those of clone by which glibc, musl and Go start threads: the C library
// falls back to clone when there is no clone3, whose flags no filter can see.
var threadFlags = []uint64{0x3d0f00, 0x7d0f00, 0x50f00, 0xd0f00}

// filterCalls leaves the process the system calls that computing needs, in all threads.
// Others fail with EPERM, so that a library that can do without goes on.
func filterCalls(socket int) error {
	runtime.LockOSThread() // no_new_privs is set for this thread, and copied to the others
	defer runtime.UnlockOSThread()
	return seccomp.LoadFilter(seccomp.Filter{
		NoNewPrivs: true,
		Flag:       seccomp.FilterFlagTSync,
		Policy:     policy(os.Getpid(), socket),
	})
}

// policy is the filter of a process with that id that talks through socket.
func policy(pid, socket int) seccomp.Policy {
	self, sock := uint64(pid), uint64(socket)
	limited := slices.Concat(
		is("clone", 0, threadFlags...),
		// Not F_SETFL: the flags of the source are also those of the parent's descriptor.
		is("fcntl", 1, unix.F_GETFD, unix.F_SETFD, unix.F_GETFL),
		openHere,
		without("openat", 2, changes),
		is("prctl", 0, unix.PR_SET_NAME, unix.PR_SET_VMA),
		is("prlimit64", 2, 0), // reads limits, and sets none
		is("recvmsg", 0, sock),
		is("sendmsg", 0, sock),
		is("tgkill", 0, self),
	)
	return seccomp.Policy{
		DefaultAction: seccomp.ActionErrno,
		Syscalls: []seccomp.SyscallGroup{
			{Action: seccomp.ActionAllow, Names: slices.Concat(compute, computeHere), NamesWithCondtions: limited},
			{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: []string{"clone3"}},
		},
	}
}

// is allows a system call if one argument has one of the values.
func is(name string, argument uint32, values ...uint64) (all []seccomp.NameWithConditions) {
	for _, v := range values {
		all = append(all, seccomp.NameWithConditions{Name: name, Conditions: seccomp.ArgumentConditions{
			{Argument: argument, Operation: seccomp.Equal, Value: v},
		}})
	}
	return all
}

// without allows a system call if one argument has none of the bits.
func without(name string, argument uint32, bits uint64) []seccomp.NameWithConditions {
	return []seccomp.NameWithConditions{{Name: name, Conditions: seccomp.ArgumentConditions{
		{Argument: argument, Operation: seccomp.BitsNotSet, Value: bits},
	}}}
}
