package pinned

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A scratch directory stays while its process lives, and what a dead process left is
// removed by the next one.
func TestScratch(t *testing.T) {
	parent := t.TempDir()
	left := filepath.Join(parent, scratchPrefix+"123")
	if err := os.MkdirAll(filepath.Join(left, "cache", "deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	first, unlock, err := newScratch(parent)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what a dead process left: %v", err)
	}
	second, unlockSecond, err := newScratch(parent)
	if err != nil {
		t.Fatal(err)
	}
	defer unlockSecond()
	if _, err := os.Stat(first); err != nil || first == second {
		t.Errorf("the directory of a process that lives: %v", err)
	}
	unlock() // as the kernel does when the process ends
	if _, unlockThird, err := newScratch(parent); err != nil {
		t.Error(err)
	} else {
		defer unlockThird()
	}
	if _, err := os.Stat(first); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory of a process that has ended: %v", err)
	}
	if _, err := os.Stat(second); err != nil {
		t.Error(err)
	}
}

func TestUseScratch(t *testing.T) {
	before := os.TempDir()
	remove, err := UseScratch()
	if err != nil {
		t.Fatal(err)
	}
	dir := os.TempDir()
	if filepath.Dir(dir) != filepath.Clean(before) {
		t.Errorf("temporary files go to %s", dir)
	}
	remove()
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) || os.TempDir() != before {
		t.Errorf("afterwards: %v, and temporary files go to %s", err, os.TempDir())
	}
}
