// Package cgroup keeps each child process in a control group of its own (cgroup v2), where
// this process may make some. A group bounds what the limits of a process leave open, which
// are its threads, and memory that is not in its address space; and it tells whether the
// kernel killed the process because there was no memory.
package cgroup

// OOM says whether the kernel killed a process for want of memory, and whose.
type OOM int

// The values of OOM.
const (
	NotKilled   OOM = iota
	GroupShort      // the group had as much as it may
	SystemShort     // a group around it, or the system, had none left
)
