package serve

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// Every curl command of the README prints what the README says: each line below it is in
// the output, in that order.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme := string(e2e.Read(t, "../../README.md"))
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir())
	dir := t.TempDir()
	examples := 0
	for _, block := range blocks(readme, "console") {
		for _, example := range strings.Split(block, "$ ")[1:] {
			command, want, _ := strings.Cut(example, "\n")
			command = strings.ReplaceAll(command, "localhost:8080", strings.TrimPrefix(s.URL, "http://"))
			cmd := exec.Command("sh", "-c", command)
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%s: %v", command, err)
			}
			wantLines(t, command, string(out), want)
			examples++
		}
	}
	if examples < 5 {
		t.Errorf("%d examples were found", examples)
	}
}

func blocks(markdown, language string) []string {
	var found []string
	for _, part := range strings.Split(markdown, "```"+language+"\n")[1:] {
		block, _, _ := strings.Cut(part, "```")
		found = append(found, block)
	}
	return found
}

func wantLines(t *testing.T, command, out, want string) {
	t.Helper()
	rest := out
	for line := range strings.Lines(want) {
		line = strings.TrimSpace(line)
		_, after, ok := strings.Cut(rest, line)
		if !ok {
			t.Errorf("%s\nsays %s\nwhich has no %q", command, out, line)
		}
		rest = after
	}
}
