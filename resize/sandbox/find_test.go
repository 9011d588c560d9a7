package sandbox

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFindWorker(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	if path, err := FindWorker(); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("without one: %q, %v", path, err)
	}
	want := filepath.Join(dir, workerProgram)
	if err := os.WriteFile(want, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if path, err := FindWorker(); err != nil || path != want {
		t.Errorf("in $PATH: %q, %v", path, err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	want = filepath.Join(filepath.Dir(self), workerProgram)
	if err := os.WriteFile(want, nil, 0o755); err != nil {
		t.Skip(err)
	}
	defer os.Remove(want)
	if path, err := FindWorker(); err != nil || path != want {
		t.Errorf("beside this program: %q, %v", path, err)
	}
	if err := os.Chmod(want, 0o644); err != nil {
		t.Fatal(err)
	}
	if path, err := FindWorker(); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("it cannot be executed: %q, %v", path, err)
	}
}
