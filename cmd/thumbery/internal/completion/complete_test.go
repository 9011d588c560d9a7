package completion

import (
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

type list []string

func (*list) Words() []string { return []string{"jpeg", "png"} }

type grammar struct {
	File string `complete:"file,none" help:"A file. Of settings."`
	Make struct {
		Kind    string `enum:"big,small" default:"big"`
		Formats list
		Sharpen bool     `negatable:""`
		Old     string   `hidden:""`
		Ops     string   `arg:"" complete:"preset"`
		Rest    []string `arg:"" optional:""`
	} `cmd:"" help:"Makes it: now."`
	Hidden struct{} `cmd:"" hidden:""`
}

// TestComplete: what each line may become, whatever stands in it.
func TestComplete(t *testing.T) {
	t.Parallel()
	app := kong.Must(&grammar{}).Model
	for typed, want := range map[string]string{
		"":                        "words: make",
		"ma":                      "words: make",
		"hid":                     "words:",
		"x":                       "words:",
		"--":                      "words: --help --file",
		"--file ":                 "files: none",
		"--file=n":                "files: --file=none",
		"--file x ":               "words: make",
		"--file=x ":               "words: make",
		"--nothing ":              "words: make",
		"--nothing=":              "words:",
		"make --":                 "words: --help --file --kind --formats --sharpen --no-sharpen",
		"make --kind ":            "words: big small",
		"make --kind=s":           "words: --kind=small",
		"make --kind small t":     "words: thumb",
		"make --sharpen t":        "words: thumb",
		"make --formats jpeg,":    "words: jpeg,jpeg jpeg,png",
		"make --formats=a,b,p":    "words: --formats=a,b,png",
		"make thumb ":             "words:",
		"make thumb more and --f": "words: --file --formats",
		"make - ":                 "words: thumb",
		"= ":                      "words: make",
		"-":                       "words: --help --file",
		"make \x00\xff":           "words:",
	} {
		answer := Complete(app, strings.Split(typed, " "), []string{"thumb=300x200", "=", ""})
		var words []string
		for _, w := range answer.Words {
			if w.Text != "" {
				words = append(words, w.Text)
			}
		}
		if got := strings.TrimSpace(answer.Paths + ": " + strings.Join(words, " ")); got != want {
			t.Errorf("%q: %s, want %s", typed, got, want)
		}
	}
	if a := Complete(app, nil, nil); !slices.Equal(a.Words, []Word{{"make", "Makes it: now"}}) {
		t.Errorf("nothing: %v", a)
	}
	if a := Complete(app, []string{"--fi"}, nil); !slices.Equal(a.Words, []Word{{"--file", "A file"}}) {
		t.Errorf("--fi: %v", a)
	}
}
