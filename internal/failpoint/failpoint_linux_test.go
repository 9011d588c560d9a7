package failpoint_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/internal/failpoint"
)

// build builds testdata/steps, which reaches "step" ten times and says so each
// time.
func build(t *testing.T, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "steps")
	cmd := exec.Command("go", append(append([]string{"build", "-o", path}, args...), "./testdata/steps")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

func TestStops(t *testing.T) {
	t.Parallel()
	path := build(t, "-tags", "failpoints")
	for _, tt := range []struct {
		value string
		steps int // before it stops
	}{
		{"step", 0}, {"step:1", 0}, {"step:3", 2},
	} {
		cmd := exec.Command(path)
		cmd.Env = append(os.Environ(), "FAILPOINT="+tt.value)
		pipe, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(pipe)
		for i := 0; lines.Scan() && lines.Text() != failpoint.Reached+"step"; i++ {
			if lines.Text() != "a step" || i >= tt.steps {
				t.Errorf("%s: line %d is %q", tt.value, i, lines.Text())
			}
		}
		var status unix.WaitStatus
		if _, err := unix.Wait4(cmd.Process.Pid, &status, unix.WUNTRACED, nil); err != nil || !status.Stopped() {
			t.Fatalf("%s: %v, %v", tt.value, status, err)
		}
		if err := cmd.Process.Signal(unix.SIGCONT); err != nil {
			t.Error(err)
		}
		after := 0
		for lines.Scan() {
			after++
		}
		if err := cmd.Wait(); err != nil || after != 10-tt.steps {
			t.Errorf("%s: %d steps after it was continued, %v", tt.value, after, err)
		}
	}
}

func TestOnlyWithTag(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(build(t))
	cmd.Env = append(os.Environ(), "FAILPOINT=step")
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), "a step\n") != 10 || strings.Contains(string(out), failpoint.Reached) {
		t.Errorf("%v\n%s", err, out)
	}
}
