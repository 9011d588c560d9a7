package main

import (
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// settingLine is a line of deploy/thumbery.toml that shows a setting.
var settingLine = regexp.MustCompile(`(?m)^#([a-z0-9-]+) = (.*?)( # example)?$`)

// TestExampleFile: deploy/thumbery.toml has each setting of serve, with its real
// default or an example, and all of them can be read.
func TestExampleFile(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../deploy/thumbery.toml")
	if err != nil {
		t.Fatal(err)
	}
	shown, examples := map[string]string{}, map[string]bool{}
	for _, m := range settingLine.FindAllStringSubmatch(string(text), -1) {
		shown[m[1]], examples[m[1]] = m[2], m[3] != ""
	}
	for _, f := range serveFlags(t) {
		value, ok := shown[f.Name]
		if delete(shown, f.Name); !ok {
			t.Errorf("it does not have %s", f.Name)
			continue
		}
		hasDefault := f.HasDefault || f.IsBool() && f.Target.Kind() == reflect.Bool
		if examples[f.Name] == hasDefault {
			t.Errorf("%s: has a default: %t, and is marked as an example: %t", f.Name, hasDefault, examples[f.Name])
		}
		if bare := strings.NewReplacer(`"`, "", "[", "", "]", "", ", ", ",").Replace(value); hasDefault && bare != f.Default && bare+f.Default != "false" {
			t.Errorf("%s = %s: its default is %s", f.Name, value, f.Default)
		}
	}
	for name := range shown {
		t.Errorf("serve has no %s", name)
	}
	for _, other := range []string{"accel", "sendfile-header"} { // of which only one may be given
		all := settingLine.ReplaceAllStringFunc(string(text), func(line string) string {
			if strings.HasPrefix(line, "#"+other) {
				return line
			}
			return line[1:]
		})
		all = strings.NewReplacer(
			"/=file:testdata", "/=s3://new,file:/srv/old", "hot-after = 0", "hot-after = 20", "repair = false", "repair = true",
		).Replace(all)
		if err := parseServe(t, all); err != nil {
			t.Errorf("all but %s: %v", other, err)
		}
	}
}

// A value that lacks its quotes is not part of the error: it may be a secret.
func TestConfigHidesValues(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"log = supercalifragilistic", "hook-secret = supercalifragilistic", "admin-token = supercalifragilistic",
		"key = supercalifragilistic", `key = ["k1:fine", supercalifragilistic]`, "serve.key = supercalifragilistic",
	} {
		name, _, _ := strings.Cut(text, " ")
		err := parseServe(t, "listen = ':0'\n"+text+"\n")
		if err == nil || strings.Contains(err.Error(), "supercali") || !strings.Contains(err.Error(), `: line 2 (last key "`+name+`") is `) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// serveFlags are the settings of serve.
func serveFlags(t *testing.T) (flags []*kong.Flag) {
	t.Helper()
	for _, command := range newParser(io.Discard, io.Discard).Model.Children {
		for _, f := range command.Flags {
			if command.Name == "serve" && len(f.Envs) > 0 {
				flags = append(flags, f)
			}
		}
	}
	if len(flags) < 50 {
		t.Fatalf("there are %d settings", len(flags))
	}
	return flags
}

// parseServe reads a file as serve does.
func parseServe(t *testing.T, text string) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "thumbery.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := newParser(io.Discard, io.Discard).Parse([]string{"serve", "--config", path})
	return err
}
