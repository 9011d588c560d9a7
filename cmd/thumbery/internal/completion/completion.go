// Package completion completes command lines in bash, zsh and fish. Their scripts know
// nothing of the flags: they ask the program itself, by a hidden command, what may follow.
package completion

import (
	"embed"
	"fmt"
	"io"

	"github.com/alecthomas/kong"
)

//go:embed scripts
var scripts embed.FS

// Command prints the script of a shell.
type Command struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help is shown by completion --help.
func (c *Command) Help() string {
	return `The Debian package installs the scripts. Without it, for this shell:

    source <(thumbery completion bash)
    source <(thumbery completion zsh)
    thumbery completion fish | source

and for all later ones:

    thumbery completion bash > ~/.local/share/bash-completion/completions/thumbery
    thumbery completion zsh > "${fpath[1]}/_thumbery"
    thumbery completion fish > ~/.config/fish/completions/thumbery.fish`
}

// Run prints it.
func (c *Command) Run(stdout io.Writer) error {
	script, err := scripts.ReadFile("scripts/thumbery." + c.Shell)
	if err != nil {
		return err
	}
	_, err = stdout.Write(script)
	return err
}

// Request is the hidden command that the scripts call. Its words are those after the
// program's name up to the cursor; the last one, maybe "", is to be completed.
type Request struct {
	Words  []string `arg:"" optional:"" help:"The words up to the cursor."`
	Preset []string `placeholder:"NAME=OPTIONS" sep:" " help:"As for serve: their names are completed."`
}

// Run prints the answer: which paths complete the word, too (files, dirs or words for none),
// and then, one a line, what else does, with a tab and a description.
func (r *Request) Run(stdout io.Writer, app *kong.Kong) error {
	answer := Complete(app.Model, r.Words, r.Preset)
	fmt.Fprintln(stdout, answer.Paths)
	for _, word := range answer.Words {
		if _, err := fmt.Fprintf(stdout, "%s\t%s\n", word.Text, word.Help); err != nil {
			return err
		}
	}
	return nil
}
