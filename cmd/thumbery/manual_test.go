package main

import (
	"bytes"
	"os"
	"regexp"
	"testing"
)

var (
	flagInHelp   = regexp.MustCompile(`(?m)^ +--(?:\[no-\])?([a-z0-9-]+)`)
	flagInManual = regexp.MustCompile("(?m)^\\| `--[^|]*")
	flagName     = regexp.MustCompile("`--([a-z0-9-]+)`")
)

// TestManualHasFlags: docs/configuration.md describes each flag of serve, and no other.
func TestManualHasFlags(t *testing.T) {
	t.Parallel()
	var help bytes.Buffer
	if code := run([]string{"serve", "--help"}, &help, &help); code != 0 {
		t.Fatalf("serve --help: %d", code)
	}
	manual, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	for _, row := range flagInManual.FindAllString(string(manual), -1) {
		for _, m := range flagName.FindAllStringSubmatch(row, -1) {
			described[m[1]] = true
		}
	}
	exists := map[string]bool{}
	for _, m := range flagInHelp.FindAllStringSubmatch(help.String(), -1) {
		if exists[m[1]] = true; !described[m[1]] {
			t.Errorf("docs/configuration.md does not describe --%s", m[1])
		}
	}
	for name := range described {
		if !exists[name] {
			t.Errorf("docs/configuration.md describes --%s, which serve does not have", name)
		}
	}
}
