package settings

import (
	"fmt"
	"runtime"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/dustin/go-humanize"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/exit"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/values"
)

// WorkerFlags are about the child processes that make pictures; serve, prime and doctor
// share them.
type WorkerFlags struct {
	Workers        int           `min:"0" default:"0" help:"How many pictures are made at once, each in a child process of its own; 0 is one for each CPU."`
	WorkerPictures int           `min:"1" default:"1000" help:"How many pictures a child process makes until a new one takes its place."`
	Memory         values.Budget `placeholder:"SIZE" help:"Memory for making pictures, for example 4GiB, divided among the --workers. A picture that needs more than one share is refused (422). Without it, half of what the cgroup or the machine has."`
	Sandbox        string        `enum:"auto,require" default:"auto" help:"What to do where the kernel lacks a part of the sandbox of child processes (Landlock, seccomp and others): auto is to work without that part, and say so in the log; require is not to start."`
}

// minShare is the least memory of a child process, in bytes: a decoder of AVIF takes
// nearly as much for a small picture.
const minShare = 64 << 20

// WorkerCount is --workers, or the number of CPUs.
func (f *WorkerFlags) WorkerCount() int {
	if f.Workers > 0 {
		return f.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// WorkerMemory is the memory of one child process, in bytes; 0 is no limit. It refuses less than
// a worker needs; its errors are marked by exit.Usage.
func (f *WorkerFlags) WorkerMemory() (int64, error) { return f.shareOf(availableMemory()) }

// shareOf is WorkerMemory for a system with so much memory.
func (f *WorkerFlags) shareOf(available int64) (int64, error) {
	n := int64(f.WorkerCount())
	least := humanize.IBytes(uint64(n * minShare))
	switch share := available / 2 / n; {
	case f.Memory > 0 && int64(f.Memory) < n*minShare:
		return 0, exit.Usage(fmt.Errorf("--memory: must be %s or more, as each of %d workers needs %s", least, n, humanize.IBytes(minShare)))
	case f.Memory > 0:
		return int64(f.Memory) / n, nil
	case available == 0:
		return 0, nil
	case f.Workers > 0 && share < minShare:
		return 0, exit.Usage(fmt.Errorf("--workers: %d need %s, which is more than half of the memory: give fewer, or --memory", n, least))
	default:
		return max(minShare, share), nil
	}
}

// availableMemory is what the cgroup may use, or what the machine has, in bytes; 0 where
// the system does not tell.
func availableMemory() int64 {
	machine, _ := memlimit.FromSystem()
	if limit, err := memlimit.FromCgroup(); err == nil && (machine == 0 || limit < machine) {
		return int64(limit)
	}
	return int64(machine)
}
