package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/thumbery/thumbery/internal/testkit/binaries"
	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/internal/testkit/sources"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"thumbery": main})
}

// TestScripts runs the command as people and cron do: testdata/script shows
// what is typed and what comes back.
func TestScripts(t *testing.T) {
	if sample.Only() && !testing.Short() {
		t.Skip("a program with the race detector takes ten times as long to start, and e2e starts one for what works concurrently")
	}
	bin := t.TempDir()
	if !testing.Short() { // scripts that need it are not for short mode
		sources.Open(t, "../..")
		if _, err := binaries.Worker.Build(bin); err != nil {
			t.Fatal(err)
		}
	}
	pictures, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Files: files, RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("GORACE", os.Getenv("GORACE"))
			e.Setenv("AWS_EC2_METADATA_DISABLED", "true") // no test asks the machine for its role
			e.Setenv("TESTDATA", pictures)
			e.Setenv("WITHOUT", e.Getenv("PATH")) // the worker
			e.Setenv("PATH", bin+string(filepath.ListSeparator)+e.Getenv("PATH"))
			return nil
		},
	})
}
