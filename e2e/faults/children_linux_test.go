package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// children are the child processes of a server, also those that have ended and that
// nobody has waited for.
func children(t *testing.T, s *e2e.Server) (pids []int) {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", s.Cmd.Process.Pid))
	e2e.Must(t, err)
	for _, file := range files {
		data, _ := os.ReadFile(file) // of a thread that may have ended
		for _, field := range strings.Fields(string(data)) {
			pid, err := strconv.Atoi(field)
			e2e.Must(t, err)
			pids = append(pids, pid)
		}
	}
	return pids
}

// zombies are those of the children that have ended.
func zombies(t *testing.T, s *e2e.Server) (pids []int) {
	t.Helper()
	for _, pid := range children(t, s) {
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)) // it may be gone now
		if _, state, _ := strings.Cut(string(stat), ") "); strings.HasPrefix(state, "Z") {
			pids = append(pids, pid)
		}
	}
	return pids
}

// residentMiB is the memory that a server and its children have resident together, but for
// what they may share.
func residentMiB(t *testing.T, s *e2e.Server) (sum float64) {
	t.Helper()
	for _, pid := range append(children(t, s), s.Cmd.Process.Pid) {
		data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid)) // it may be gone now
		var size, resident, shared float64
		if n, _ := fmt.Sscan(string(data), &size, &resident, &shared); n == 3 {
			sum += (resident - shared) * float64(os.Getpagesize()) / (1 << 20)
		}
	}
	return sum
}
