// Package walls takes from the calling process, for good, what decoding pictures does not
// need: opening files, sockets, other programs and processes, and unlimited memory. It is
// for a process that works on data of strangers with libraries in C, before it sees any.
//
// What is left to code that gets hold of such a process is in docs/security.md.
package walls

import "time"

// Limits are what the process may still do. Those of resources are for its whole life.
type Limits struct {
	// Memory is how many bytes of address space it may take in addition to what it has;
	// 0 is no limit.
	Memory int64
	// CPU is how much time of processors it may use, rounded up to seconds, and counted
	// from its start; 0 is no limit. The kernel then kills it.
	CPU time.Duration
	// File is how far it may write into a file, in bytes; 0 is not at all. The kernel
	// refuses more with EFBIG and SIGXFSZ.
	File int64
	// Descriptors is how many it may have open, those that it has included; a new one
	// has a number below this.
	Descriptors int
	// Socket is the descriptor that it may send and receive messages by. It cannot make
	// other sockets.
	Socket int
	// Read lists the files and directories, with what is below them, that it may open for
	// reading. Those that do not exist are skipped.
	Read []string
}

// The names of walls.
const (
	Rlimits    = "rlimits"       // memory, CPU, sizes of files, descriptors, no core dumps
	OOM        = "oom_score_adj" // when memory runs out, the kernel kills this process first
	NoNewPrivs = "no_new_privs"  // no setuid programs
	Landlock   = "landlock"      // no files but those of Limits.Read, no TCP, no signals
	Seccomp    = "seccomp"       // no system calls but those of a list
)

// Wall is one wall, and why it is not up, for people: the kernel does not offer it, or
// something around this process forbids it.
type Wall struct {
	Name    string
	Missing string // "" if it is up
}

func wall(name string, err error) Wall {
	if err != nil {
		return Wall{name, err.Error()}
	}
	return Wall{Name: name}
}
