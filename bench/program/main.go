package program

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// Main runs the rest of a program by pinned.Run, at the repository's root and with a
// scratch directory as TMPDIR, until it ends or an interrupt comes. An error is printed,
// and ends the program with status 1.
func Main(name string, f func(pinned.T) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, f); err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, f func(pinned.T) error) error {
	if err := changeToRoot(); err != nil {
		return err
	}
	remove, err := pinned.UseScratch()
	if err != nil {
		return err
	}
	defer remove()
	return pinned.Run(ctx, func(t pinned.T) {
		if err := f(t); err != nil {
			t.Fatal(err)
		}
	})
}

// changeToRoot makes the repository's root the working directory: go -C bench run
// starts a program in bench.
func changeToRoot() error {
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "bench", "go.mod")); err == nil {
			return os.Chdir(dir)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return errors.New("start it within the repository: go -C bench run")
		}
		dir = parent
	}
}
