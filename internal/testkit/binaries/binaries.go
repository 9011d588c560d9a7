// Package binaries builds the programs under test.
package binaries

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// Program is a command of this module, and how it is built for tests.
type Program struct {
	name string
	cgo  string   // 1 if it is built with cgo, else 0
	args []string // of go build
}

var (
	// Thumbery has the race detector and failpoints.
	Thumbery = Program{"thumbery", "1", []string{"-race", "-tags", "failpoints"}}
	// Shipped is Thumbery as make build builds it.
	Shipped = Program{"thumbery", "0", []string{"-trimpath"}}
	// Worker is what Thumbery starts to make pictures, and misbehaves for pictures that ask
	// for it. It has no race detector, whose memory and system calls the sandbox does not
	// allow.
	Worker = Program{"thumbery-worker", "1", []string{"-tags", "failpoints"}}
)

// Build puts the program into dir and returns its path. It is built once for all packages
// of tests: they wait for each other, and go build does nothing where the result is up to
// date. Each gets a copy, so that nobody replaces the program during a test.
func (p Program) Build(dir string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	shared := filepath.Join(cache, "thumbery", "tested", p.name+strings.Join(p.args, ""))
	if err := os.MkdirAll(shared, 0o755); err != nil {
		return "", err
	}
	unlock, err := pinned.Lock(filepath.Join(shared, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	cmd := exec.Command("go", slices.Concat([]string{"build", "-o", shared}, p.args, []string{"github.com/thumbery/thumbery/cmd/" + p.name})...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED="+p.cgo)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build %s: %w", p.name, err)
	}
	path := filepath.Join(dir, p.name)
	return path, copyProgram(path, filepath.Join(shared, p.name))
}

func copyProgram(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
