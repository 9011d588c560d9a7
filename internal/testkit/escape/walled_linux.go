package escape

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Walled returns nil if a process has at least so many threads, all behind walls, and these
// lines in its limits.
func Walled(pid, threads int, limits ...string) error {
	proc := fmt.Sprintf("/proc/%d", pid)
	statuses, err := filepath.Glob(proc + "/task/*/status")
	if err == nil && len(statuses) < threads {
		err = fmt.Errorf("it has %d threads, want %d or more", len(statuses), threads)
	}
	for _, path := range statuses {
		err = errors.Join(err, contains(path, "NoNewPrivs:\t1\n", "Seccomp:\t2\n"))
	}
	return errors.Join(err, contains(proc+"/oom_score_adj", "1000"), contains(proc+"/limits", limits...))
}

func contains(path string, words ...string) error {
	text, err := os.ReadFile(path)
	for _, word := range words {
		if err == nil && !strings.Contains(string(text), word) {
			err = fmt.Errorf("%s has no %q:\n%s", path, word, text)
		}
	}
	return err
}
