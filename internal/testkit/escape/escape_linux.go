// Package escape is what code that has got hold of a process behind walls might try. It
// is for tests: of the walls, and of the program that puts them up.
package escape

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

// Place is where an attempt is made.
type Place struct {
	Read   string // a directory with a file "file" that may be read
	Secret string // one with a file "file" that may not
	Socket int    // the descriptor that messages may go through
	File   int    // one of a file that may be written to
	Share  int64  // bytes of memory that may be taken
	Size   int64  // bytes that the file may grow to
}

var parent = os.Getppid()

// Attempts are by name. Each returns nil if it succeeded, and changes nothing that the
// next one needs.
var Attempts = map[string]func(Place) error{
	"nothing":      func(Place) error { return nil },
	"read allowed": func(p Place) error { return read(filepath.Join(p.Read, "file")) },
	"list allowed": func(p Place) error { return list(p.Read) },
	"threads":      func(Place) error { return manyThreads() },
	"message":      func(p Place) error { return unix.Sendmsg(p.Socket, []byte("hello"), nil, nil, 0) },
	"memory":       func(p Place) error { return allocate(p.Share / 4) },
	"write little": func(p Place) error { return write(p.File, 0) },

	"read another":             func(p Place) error { return read(filepath.Join(p.Secret, "file")) },
	"list another":             func(p Place) error { return list(p.Secret) },
	"read /etc/passwd":         func(Place) error { return read("/etc/passwd") },
	"open /proc/self/fd":       func(Place) error { return list("/proc/self/fd") },
	"read the parent's memory": func(Place) error { return read(fmt.Sprintf("/proc/%d/mem", parent)) },
	"write allowed": func(p Place) error {
		return openTo(filepath.Join(p.Read, "file"), unix.O_WRONLY)
	},
	"make a file": func(p Place) error {
		return openTo(filepath.Join(p.Read, "new"), unix.O_RDWR|unix.O_CREAT)
	},
	"truncate allowed": func(p Place) error {
		return openTo(filepath.Join(p.Read, "file"), unix.O_RDONLY|unix.O_TRUNC)
	},
	"open to write": func(Place) error { return openTo("/dev/null", unix.O_RDWR) },
	"change flags": func(p Place) error {
		_, err := unix.FcntlInt(uintptr(p.File), unix.F_SETFL, unix.O_APPEND)
		return err
	},
	"socket": func(Place) error {
		_, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		return err
	},
	"socket pair": func(Place) error {
		_, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		return err
	},
	"message elsewhere": func(p Place) error { return unix.Sendmsg(p.File, []byte("hello"), nil, nil, 0) },
	"exec":              func(Place) error { return unix.Exec("/bin/true", []string{"true"}, nil) },
	"memfd": func(Place) error {
		_, err := unix.MemfdCreate("program", 0)
		return err
	},
	"fork":          func(Place) error { return clone(uintptr(unix.SIGCHLD)) },
	"new namespace": func(Place) error { return clone(unix.CLONE_NEWUSER | uintptr(unix.SIGCHLD)) },
	"clone3": func(Place) error {
		args := [11]uint64{unix.CLONE_PIDFD}
		return call(unix.SYS_CLONE3, uintptr(unsafe.Pointer(&args)), unsafe.Sizeof(args), 0)
	},
	"ptrace":                     func(Place) error { return unix.PtraceAttach(parent) },
	"kill the parent":            func(Place) error { return unix.Kill(parent, 0) },
	"signal the parent's thread": func(Place) error { return unix.Tgkill(parent, parent, 0) },
	"process_vm_readv": func(Place) error {
		buf := make([]byte, 1)
		_, err := unix.ProcessVMReadv(parent, []unix.Iovec{{Base: &buf[0], Len: 1}}, []unix.RemoteIovec{{Base: 4096, Len: 1}}, 0)
		return err
	},
	"pidfd": func(Place) error {
		_, err := unix.PidfdOpen(parent, 0)
		return err
	},
	"raise a limit": func(p Place) error {
		return unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: uint64(2 * p.Size), Max: uint64(2 * p.Size)})
	},
	"duplicate": func(p Place) error {
		_, err := unix.FcntlInt(uintptr(p.File), unix.F_DUPFD, 0)
		return err
	},
	"io_uring":             func(Place) error { return call(unix.SYS_IO_URING_SETUP, 1, 0, 0) },
	"too much memory":      func(p Place) error { return allocate(2 * p.Share) },
	"too many descriptors": func(p Place) error { return tooMany(filepath.Join(p.Read, "file")) },
	"write much":           func(p Place) error { return write(p.File, p.Size) },
}

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
func write(file int, offset int64) error {
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
func allocate(n int64) error {
	m, err := unix.Mmap(-1, 0, int(n), unix.PROT_NONE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_NORESERVE)
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
	for range 1000 {
		fd, err := unix.Open(path, unix.O_RDONLY, 0)
		if err != nil {
			return err
		}
		open = append(open, fd)
	}
	return nil
}
