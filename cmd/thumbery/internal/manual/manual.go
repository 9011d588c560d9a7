// Package manual makes the man pages from the flags: thumbery(1), and one for each subcommand.
package manual

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"
)

// Command writes the pages. It is for those who make packages, and so hidden.
type Command struct {
	Dir string `arg:"" help:"Directory to write to, which is made if it does not exist."`
}

// Run writes them.
func (c *Command) Run(app *kong.Kong) error {
	pages, err := Pages(app.Model)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return err
	}
	for name, page := range pages {
		if err := os.WriteFile(filepath.Join(c.Dir, name+".1"), []byte(page), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Pages returns the pages, in the language of man(7), by their names such as
// thumbery-serve.
func Pages(app *kong.Application) (map[string]string, error) {
	pages := map[string]string{}
	for _, p := range all(app.Node) {
		kind := "command"
		if p.Parent == nil {
			kind = "program"
		}
		var text strings.Builder
		if err := templates.ExecuteTemplate(&text, kind, p); err != nil {
			return nil, err
		}
		pages[p.Title()] = text.String()
	}
	return pages, nil
}
