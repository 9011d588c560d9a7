package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/manual"
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
	if _, err := newParser(&help, &help, kong.Exit(func(int) {})).Parse([]string{"serve", "--help"}); err != nil {
		t.Fatal(err)
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

// missingDate is what mandoc warns of: a page has none, so that it is the same in every build.
var missingDate = regexp.MustCompile(`.*WARNING: missing date, using "": TH\n`)

// TestManPages: each command has a page with each of its flags, and those who format them
// have nothing to complain about.
func TestManPages(t *testing.T) {
	t.Parallel()
	app := newParser(io.Discard, io.Discard).Model
	dir := t.TempDir()
	if code := run([]string{"manual", dir}, io.Discard, io.Discard); code != 0 {
		t.Fatalf("manual: %d", code)
	}
	pages, err := manual.Pages(app)
	if err != nil || len(pages) < 10 {
		t.Fatalf("there are %d pages, %v", len(pages), err)
	}
	for _, command := range app.Children {
		page := pages["thumbery-"+command.Name]
		if command.Hidden != (page == "") {
			t.Errorf("%s: it has a page: %t", command.Name, page != "")
		}
		for _, f := range command.Flags {
			name := `\fB\-\-` + strings.ReplaceAll(f.Name, "-", `\-`) + `\fR`
			if !command.Hidden && strings.Contains(page, name) == f.Hidden {
				t.Errorf("thumbery-%s(1) has --%s: %t", command.Name, f.Name, f.Hidden)
			}
		}
	}
	for name := range pages {
		file := filepath.Join(dir, name+".1")
		for _, check := range [][]string{{"groff", "-man", "-Tutf8", "-K", "utf8", "-ww", "-z", file}, {"mandoc", "-T", "lint", "-W", "warning", file}} {
			if _, err := exec.LookPath(check[0]); err != nil {
				t.Log(err)
				continue
			}
			out, _ := exec.Command(check[0], check[1:]...).CombinedOutput() // mandoc fails for each warning
			if warnings := missingDate.ReplaceAllString(string(out), ""); warnings != "" {
				t.Errorf("%s", warnings)
			}
		}
	}
}
