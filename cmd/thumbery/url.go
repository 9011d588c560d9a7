package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/exit"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/settings"
	"github.com/thumbery/thumbery/variant"
)

type urlCmd struct {
	settings.LinkFlags
	Ops     string        `complete:"preset" arg:"" help:"Options, for example 300x200,f_auto."`
	Picture string        `arg:"" name:"key" help:"Key of the picture, for example photos/cat.jpg."`
	Base    string        `placeholder:"URL" help:"Print this before the path, for example https://img.example.com."`
	Expires time.Duration `help:"How long the signed URL is valid, for example 24h; 0 is for ever." default:"0"`
	Scope   string        `placeholder:"SCOPE" help:"Sign once for all options within the scope, so that a page writes them without a key: presets, sizes (those of --sizes, with dpr_ and f_), or a list such as 320x~640x~1280x,~dpr_2,f_auto. The form of a list is that of options; each place has the spellings permitted there, separated by ~, and one that begins with ~ may be left out."`
	Explain bool          `help:"Explain the options in words."`
}

// Run prints the URL.
func (c *urlCmd) Run(stdout io.Writer) error {
	keys, err := c.Keyring()
	if err != nil {
		return err
	}
	presets, err := c.Presets()
	if err != nil {
		return err
	}
	if c.Expires != 0 && keys.Empty() {
		return exit.Usage(fmt.Errorf("--expires: only signed URLs expire: give a --key, too"))
	}
	scope, err := c.scope(keys)
	if err != nil {
		return exit.Usage(err)
	}
	links := variant.Links{Base: c.Base, Keyring: keys, Presets: presets, Expires: c.Expires, Scope: scope}
	url, err := links.URL(c.Ops, c.Picture)
	if err != nil {
		return exit.Usage(err)
	}
	fmt.Fprintln(stdout, url)
	if !c.Explain {
		c.printNext(url)
		return nil
	}
	ops, err := presets.Parse(c.Ops)
	if err != nil {
		return exit.Usage(err)
	}
	for _, line := range ops.Explain() {
		fmt.Fprintln(stdout, "  "+line)
	}
	fmt.Fprintf(stdout, "  of the picture %q\n", c.Picture)
	if scope != "" {
		fmt.Fprintf(stdout, "  other options within %s need no other signature\n", scope)
	}
	return nil
}

func (c *urlCmd) scope(keys *variant.Keyring) (variant.Scope, error) {
	switch {
	case c.Scope == "":
		return "", nil
	case keys.Empty():
		return "", fmt.Errorf("--scope: only signed URLs have one: give a --key, too")
	}
	return variant.ParseScope(c.Scope)
}

// printNext says what to do next to people. A script takes everything that is printed for
// the URL.
func (c *urlCmd) printNext(url string) {
	if !term.IsTerminal(int(os.Stdout.Fd())) {
		return
	}
	if c.Base == "" {
		url = "http://localhost:8080" + url
	}
	fmt.Fprintf(os.Stderr, "next: curl -sI '%s' says in Cache-Status whether it is cached; thumbery explain '%[1]s' why it looks as it does\n", url)
}
