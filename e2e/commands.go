package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Purge runs thumbery purge and returns its output and exit status.
func Purge(t *testing.T, args ...string) (out []byte, status int) {
	t.Helper()
	cmd := exec.Command(Binary, append([]string{"purge"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out, cmd.ProcessState.ExitCode()
}

// Priming is a running thumbery prime.
type Priming struct {
	Cmd         *exec.Cmd
	Said, Wrote bytes.Buffer
}

// Prime starts thumbery prime with keys on its standard input.
func Prime(t *testing.T, keys []string, args ...string) *Priming {
	t.Helper()
	p := &Priming{Cmd: exec.Command(Binary, append([]string{"prime", "--json"}, args...)...)}
	p.Cmd.Stdin = strings.NewReader(strings.Join(keys, "\n"))
	p.Cmd.Stdout, p.Cmd.Stderr = &p.Said, &p.Wrote
	if err := p.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Cmd.Process.Kill() })
	return p
}

// Primed is the summary that thumbery prime --json prints.
type Primed struct {
	Pictures, Made, There, Failed int
	NotPictures                   int `json:"not_pictures"`
	Complete                      bool
}

// End waits until it exits, with one of these statuses, and returns its summary.
func (p *Priming) End(t *testing.T, statuses ...int) (s Primed) {
	t.Helper()
	_ = p.Cmd.Wait()
	if err := json.Unmarshal(p.Said.Bytes(), &s); err != nil || !slices.Contains(statuses, p.Cmd.ProcessState.ExitCode()) {
		t.Fatalf("status %d, want %v; %v: %s%s", p.Cmd.ProcessState.ExitCode(), statuses, err, &p.Said, &p.Wrote)
	}
	if strings.Contains(p.Wrote.String(), "DATA RACE") {
		t.Errorf("data race\n%s", &p.Wrote)
	}
	return s
}
