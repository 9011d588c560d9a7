package walls

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Build puts up all walls that can be had, in all threads of the process, also in those
// that C started, and returns all of them. Files that are opened later must be beneath
// Limits.Read; what is open stays so.
func Build(l Limits) []Wall {
	// First what needs files that Landlock does not leave, last the list of system calls,
	// without most of those that the others need.
	firstToGo := os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	size, err := addressSpace()
	restricted := restrictFiles(l.Read)
	limited := errors.Join(err, l.limit(size))
	filtered := filterCalls(l.Socket)
	var noNewPrivs error // Landlock and seccomp both set it, in all threads
	if restricted != nil && filtered != nil {
		noNewPrivs = errors.New("comes with Landlock and seccomp, and neither is there")
	}
	return []Wall{
		wall(OOM, firstToGo), wall(Landlock, restricted), wall(Rlimits, limited), wall(Seccomp, filtered), wall(NoNewPrivs, noNewPrivs),
	}
}

// addressSpace is how many bytes of it are in use.
func addressSpace() (int64, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	pages, _, _ := strings.Cut(string(text), " ")
	n, err := strconv.ParseInt(pages, 10, 64)
	return n * int64(os.Getpagesize()), err
}

// limit sets the limits of resources of a process that has so much address space.
func (l Limits) limit(size int64) error {
	errs := []error{
		setLimit("core", unix.RLIMIT_CORE, 0),
		setLimit("fsize", unix.RLIMIT_FSIZE, uint64(l.File)),
		setLimit("nofile", unix.RLIMIT_NOFILE, uint64(l.Descriptors)),
	}
	if l.CPU > 0 {
		errs = append(errs, setLimit("cpu", unix.RLIMIT_CPU, uint64(math.Ceil(l.CPU.Seconds()))))
	}
	if l.Memory > 0 && size > 0 {
		errs = append(errs, setLimit("as", unix.RLIMIT_AS, uint64(size+l.Memory)))
	}
	return errors.Join(errs...)
}

// setLimit lowers a limit for good; one that is lower already stays.
func setLimit(name string, resource int, most uint64) error {
	var now unix.Rlimit
	if err := unix.Getrlimit(resource, &now); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	most = min(most, now.Max)
	if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: most, Max: most}); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
