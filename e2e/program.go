package e2e

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/binaries"
	"github.com/thumbery/thumbery/internal/testkit/minio"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// Binary is the program under test, binaries.Thumbery.
var Binary string

// run owns what the tests of a package share.
var run pinned.T

// Shared is for what the tests of a package share: it lasts until all have ended.
func Shared() pinned.T { return run }

// Main is the TestMain of every package of tests. It builds the program, gives the tests a
// scratch directory and sets the credentials of MinIO.
func Main(m *testing.M) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": minio.AccessKey, "AWS_SECRET_ACCESS_KEY": minio.SecretKey,
		"AWS_EC2_METADATA_DISABLED": "true",                                            // no test asks the machine for its role
		"GORACE":                    cmp.Or(os.Getenv("GORACE"), "atexit_sleep_ms=50"), // the program would wait for a second
	} {
		os.Setenv(name, value)
	}
	code := 1
	remove, err := pinned.UseScratch()
	if err == nil {
		err = pinned.Run(context.Background(), func(t pinned.T) {
			run = t
			if Binary, err = build(t.TempDir()); err != nil {
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

// build puts the program and its worker, which it looks for beside itself, into dir.
func build(dir string) (binary string, err error) {
	if _, err := binaries.Worker.Build(dir); err != nil {
		return "", err
	}
	return binaries.Thumbery.Build(dir)
}
