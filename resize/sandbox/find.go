package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// workerProgram is the name of the program that makes pictures.
const workerProgram = "thumbery-worker"

// FindWorker returns the path of the worker program: beside this program, or in $PATH. The error
// says what to do.
func FindWorker() (string, error) {
	if self, err := os.Executable(); err == nil {
		path, err := exec.LookPath(filepath.Join(filepath.Dir(self), workerProgram))
		if err == nil {
			return path, nil
		}
		if errors.Is(err, fs.ErrPermission) {
			return "", fmt.Errorf("the program that makes pictures cannot be executed: %w", err)
		}
	}
	path, err := exec.LookPath(workerProgram)
	if err != nil {
		return "", fmt.Errorf("the program that makes pictures, %s, is neither beside this one nor in $PATH: make build builds both, install both", workerProgram)
	}
	return filepath.Abs(path)
}
