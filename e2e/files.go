package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// Testdata is the directory of the pictures in this repository.
func Testdata(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// Read returns the content of a file.
func Read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Files lists the files below a directory.
func Files(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// NameOf is the name of an original on disk; see docs/architecture.md.
func NameOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}

// Eventually polls until a condition holds, for Limit at most.
func Eventually(t *testing.T, what string, happens func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(Limit); time.Now().Before(deadline); <-tick.C {
		if happens() {
			return
		}
	}
	t.Fatalf("it does not happen that %s", what)
}

// Tool finds a program, or skips the test and names the Debian package that has it.
func Tool(t *testing.T, name, debian string) string {
	t.Helper()
	path := pinned.InstalledProgram(name)
	if path == "" {
		t.Skipf("there is no %s; install it with: apt-get install %s", name, debian)
	}
	return path
}

// Must ends the test if err is not nil.
func Must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
