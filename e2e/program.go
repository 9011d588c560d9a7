package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/minio"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// Binary is the program under test, built with the race detector and with failpoints.
var Binary string

// run owns what the tests of a package share.
var run pinned.T

// Main is the TestMain of every package of tests. It builds the program, gives the tests a
// scratch directory and sets the credentials of MinIO.
func Main(m *testing.M) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": minio.AccessKey, "AWS_SECRET_ACCESS_KEY": minio.SecretKey,
		"AWS_EC2_METADATA_DISABLED": "true", // no test asks the machine for its role
	} {
		os.Setenv(name, value)
	}
	code := 1
	remove, err := pinned.UseScratch()
	if err == nil {
		err = pinned.Run(context.Background(), func(t pinned.T) {
			run = t
			Binary = filepath.Join(t.TempDir(), "thumbery")
			if err := build(Binary); err != nil {
				t.Fatal(err)
			}
			code = m.Run()
		})
		remove()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
	}
	os.Exit(code)
}

// build builds the program once for all packages of tests: they wait for each other, and go
// build does nothing where the result is up to date. Each package takes a copy, so that
// nobody replaces the program during a test.
func build(binary string) error {
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	shared := filepath.Join(cache, "thumbery", "e2e")
	if err := os.MkdirAll(shared, 0o755); err != nil {
		return err
	}
	unlock, err := pinned.Lock(filepath.Join(shared, "lock"))
	if err != nil {
		return err
	}
	defer unlock()
	shared = filepath.Join(shared, "thumbery")
	cmd := exec.Command("go", "build", "-race", "-tags", "failpoints", "-o", shared, "../../cmd/thumbery")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build thumbery: %w", err)
	}
	data, err := os.ReadFile(shared)
	if err != nil {
		return err
	}
	return os.WriteFile(binary, data, 0o755)
}
