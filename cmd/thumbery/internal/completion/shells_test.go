package completion

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/thumbery/thumbery/internal/testkit/binaries"
	"github.com/thumbery/thumbery/internal/testkit/sources"
)

// completed is what is typed before the TAB, and the words of the line after it.
var completed = []struct {
	typed string
	words []string
}{
	{"thumbery ser", []string{"serve"}},
	{"thumbery serve --ca", []string{"serve", "--cache"}},
	{"thumbery --config some.toml serve --no-sv", []string{"--config", "some.toml", "serve", "--no-svg"}},
	{"thumbery serve --log j", []string{"serve", "--log", "json"}},
	{"thumbery serve --log=j", []string{"serve", "--log=json"}},
	{"thumbery serve --formats jpeg,av", []string{"serve", "--formats", "jpeg,avif"}},
	{"thumbery serve --auto=webp,av", []string{"serve", "--auto=webp,avif"}},
	{"thumbery prime --ops thu", []string{"prime", "--ops", "thumb"}},
	{"thumbery url thu", []string{"url", "thumb"}},
	{"thumbery --config som", []string{"--config", "some.toml"}},
	{"thumbery --config=som", []string{"--config=some.toml"}},
	{"thumbery serve --fallback red", []string{"serve", "--fallback", "redirect"}},
	{"thumbery serve --fallback som", []string{"serve", "--fallback", "some.toml"}},
	{"thumbery purge --cache dire", []string{"purge", "--cache", "directory"}},
	{"thumbery purge --cache=dire", []string{"purge", "--cache=directory"}},
	{"thumbery completion z", []string{"completion", "zsh"}},
	{"thumbery purge --nothing-like-i", []string{"purge", "--nothing-like-i"}},
}

const prompt = "READY> "

// shells are started with a prompt of ours, the script, and nothing of the user's.
var shells = map[string][]string{
	"bash": {"bash", "--noprofile", "--rcfile", "rc.bash", "-i"},
	"zsh":  {"zsh", "-i"},
	"fish": {"fish", "--no-config", "--init-command", "source rc.fish", "-i"},
}

// TestShells types lines in real shells, on a terminal.
func TestShells(t *testing.T) {
	t.Parallel()
	sources.Open(t, "../../../..")
	bin := t.TempDir()
	if _, err := binaries.Shipped.Build(bin); err != nil {
		t.Fatal(err)
	}
	for name, command := range shells {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(command[0]); err != nil {
				t.Skip(err)
			}
			terminal := start(t, bin, command)
			for _, c := range completed {
				want := append([]string{"thumbery"}, c.words...)
				if got := terminal.complete(c.typed); !slices.Equal(got, want) {
					t.Errorf("%s<TAB> becomes %q", c.typed, got)
				}
			}
		})
	}
}

// terminal is one with a shell in it.
type terminal struct {
	*testing.T
	file *os.File
	read string // since the last line
}

func start(t *testing.T, bin string, command []string) *terminal {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"rc.bash": "PS1='" + prompt + "'\nbind 'set bell-style none'\nsource <(thumbery completion bash)\n",
		".zshrc":  "PS1='" + prompt + "'\nautoload -U compinit\ncompinit -u -D\nsource <(thumbery completion zsh)\n",
		"rc.fish": "function fish_prompt; echo -n '" + prompt + "'; end\nthumbery completion fish | source\n", "some.toml": "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "directory"), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + dir, "ZDOTDIR=" + dir, "TERM=xterm", "LC_ALL=C.UTF-8", "THUMBERY_PRESET=thumb=300x200",
	}
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: 200})
	if err != nil {
		t.Fatal(err)
	}
	hangs := time.AfterFunc(10*time.Minute, func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() {
		hangs.Stop()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		file.Close()
	})
	term := &terminal{T: t, file: file}
	term.until(regexp.MustCompile(prompt))
	return term
}

var printed = regexp.MustCompile(`((?:<[^<>]*>)+)[^<>]*` + prompt)

// complete types a line, TAB, goes to the line's beginning, and has the shell print its
// words.
func (t *terminal) complete(line string) []string {
	t.read = ""
	if _, err := t.file.WriteString(line + "\t\x01printf '<%s>' \r"); err != nil {
		t.Fatal(err)
	}
	words := strings.Split(strings.Trim(t.until(printed)[1], "<>"), "><")
	last := len(words) - 1
	words[last] = strings.TrimSuffix(words[last], "/") // zsh removes that of a directory again
	return words
}

// until reads until the terminal shows that.
func (t *terminal) until(shown *regexp.Regexp) []string {
	t.Helper()
	buffer := make([]byte, 4096)
	for {
		if m := shown.FindStringSubmatch(t.read); m != nil {
			return m
		}
		n, err := t.file.Read(buffer)
		if t.read += string(buffer[:n]); err != nil {
			t.Fatalf("%v; the terminal shows no %v: %q", err, shown, t.read)
		}
	}
}
