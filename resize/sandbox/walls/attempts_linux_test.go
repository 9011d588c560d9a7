package walls_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The descriptors of a process behind the walls.
const (
	socket = 3
	file   = 4 // of the test, to write to
)

var parent = os.Getppid()

// attempts are what a process behind the walls tries.
var attempts = map[string]func(dirs) error{
	"nothing":      func(dirs) error { return nil },
	"read allowed": func(d dirs) error { return read(filepath.Join(d.Read, "file")) },
	"list allowed": func(d dirs) error { return list(d.Read) },
	"threads":      func(dirs) error { return manyThreads() },
	"message":      func(dirs) error { return unix.Sendmsg(socket, []byte("hello"), nil, nil, 0) },
	"memory":       func(dirs) error { return allocate(share / 4) },
	"write little": func(dirs) error { return write(0) },
	"wait":         func(dirs) error { return wait() },

	"read another":             func(d dirs) error { return read(filepath.Join(d.Secret, "file")) },
	"list another":             func(d dirs) error { return list(d.Secret) },
	"read /etc/passwd":         func(dirs) error { return read("/etc/passwd") },
	"open /proc/self/fd":       func(dirs) error { return list("/proc/self/fd") },
	"read the parent's memory": func(dirs) error { return read(fmt.Sprintf("/proc/%d/mem", parent)) },
	"write allowed": func(d dirs) error {
		return openTo(filepath.Join(d.Read, "file"), unix.O_WRONLY)
	},
	"make a file": func(d dirs) error {
		return openTo(filepath.Join(d.Read, "new"), unix.O_RDWR|unix.O_CREAT)
	},
	"socket": func(dirs) error {
		_, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		return err
	},
	"socket pair": func(dirs) error {
		_, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		return err
	},
	"message elsewhere": func(dirs) error { return unix.Sendmsg(file, []byte("hello"), nil, nil, 0) },
	"exec":              func(dirs) error { return unix.Exec("/bin/true", []string{"true"}, nil) },
	"memfd": func(dirs) error {
		_, err := unix.MemfdCreate("program", 0)
		return err
	},
	"fork":          func(dirs) error { return clone(uintptr(unix.SIGCHLD)) },
	"new namespace": func(dirs) error { return clone(unix.CLONE_NEWUSER | uintptr(unix.SIGCHLD)) },
	"clone3": func(dirs) error {
		args := [11]uint64{unix.CLONE_PIDFD}
		return call(unix.SYS_CLONE3, uintptr(unsafe.Pointer(&args)), unsafe.Sizeof(args), 0)
	},
	"ptrace":                     func(dirs) error { return unix.PtraceAttach(parent) },
	"kill the parent":            func(dirs) error { return unix.Kill(parent, 0) },
	"signal the parent's thread": func(dirs) error { return unix.Tgkill(parent, parent, 0) },
	"process_vm_readv": func(dirs) error {
		buf := make([]byte, 1)
		_, err := unix.ProcessVMReadv(parent, []unix.Iovec{{Base: &buf[0], Len: 1}}, []unix.RemoteIovec{{Base: 4096, Len: 1}}, 0)
		return err
	},
	"pidfd": func(dirs) error {
		_, err := unix.PidfdOpen(parent, 0)
		return err
	},
	"raise a limit": func(dirs) error {
		return unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 2 * fileMax, Max: 2 * fileMax})
	},
	"duplicate": func(dirs) error {
		_, err := unix.FcntlInt(file, unix.F_DUPFD, 0)
		return err
	},
	"io_uring":             func(dirs) error { return call(unix.SYS_IO_URING_SETUP, 1, 0, 0) },
	"too much memory":      func(dirs) error { return allocate(2 * share) },
	"too many descriptors": func(d dirs) error { return tooMany(filepath.Join(d.Read, "file")) },
	"write much":           func(dirs) error { return write(fileMax) },
}

// wait says to the test that the walls are up, and waits for it to look at them.
var wait = sync.OnceValue(func() error {
	if err := unix.Sendmsg(socket, []byte("ready"), nil, nil, 0); err != nil {
		return err
	}
	_, err := unix.Read(socket, make([]byte, 1))
	return err
})

func read(path string) error {
	_, err := os.ReadFile(path)
	return err
}

func list(path string) error {
	_, err := os.ReadDir(path)
	return err
}

func openTo(path string, flags int) error {
	_, err := unix.Open(path, flags, 0o600)
	return err
}

// write writes a byte behind that many others.
func write(offset int64) error {
	_, err := unix.Pwrite(file, []byte{1}, offset)
	return err
}

func call(number, a, b, c uintptr) error {
	if _, _, errno := syscall.RawSyscall(number, a, b, c); errno != 0 {
		return errno
	}
	return nil
}

// clone makes a process that ends at once.
func clone(flags uintptr) error {
	pid, _, errno := syscall.RawSyscall6(unix.SYS_CLONE, flags, 0, 0, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	if pid == 0 {
		os.Exit(0)
	}
	return nil
}

// allocate takes address space and gives it back.
func allocate(n int) error {
	m, err := unix.Mmap(-1, 0, n, unix.PROT_NONE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_NORESERVE)
	if err != nil {
		return err
	}
	return unix.Munmap(m)
}

// manyThreads runs more threads at once than there are processors.
func manyThreads() error {
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_ = unix.Nanosleep(&unix.Timespec{Nsec: int64(time.Millisecond)}, nil) // keeps its thread
		})
	}
	wg.Wait()
	return nil
}

// tooMany opens a file until that fails, and closes it as often.
func tooMany(path string) error {
	var open []int
	defer func() {
		for _, fd := range open {
			unix.Close(fd)
		}
	}()
	for range 2 * descriptors {
		fd, err := unix.Open(path, unix.O_RDONLY, 0)
		if err != nil {
			return err
		}
		open = append(open, fd)
	}
	return nil
}
