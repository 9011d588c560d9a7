package program

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// Main runs the rest of a program by pinned.Run, at the repository's root, until it
// ends or an interrupt comes. An error is printed, and ends the program with status 1.
func Main(name string, f func(pinned.T) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := changeToRoot()
	if err == nil {
		err = pinned.Run(ctx, func(t pinned.T) {
			if err := f(t); err != nil {
				t.Fatal(err)
			}
		})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
}

// changeToRoot makes the directory that holds the bench module the working directory:
// go -C bench run starts a program in bench.
func changeToRoot() error {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return err
	}
	module := filepath.Dir(strings.TrimSpace(string(out)))
	if filepath.Base(module) != "bench" {
		return errors.New("start it with go -C bench run")
	}
	return os.Chdir(filepath.Dir(module))
}
