// Package manual makes man pages of the flags: thumbery(1), and one for each subcommand.
package manual

import (
	"os"
	"path/filepath"

	"github.com/alecthomas/kong"
)

// Command writes the pages. It is for those who make packages, and so hidden.
type Command struct {
	Dir string `arg:"" help:"Directory to write to, which is made if it does not exist."`
}

// Run writes them.
func (c *Command) Run(app *kong.Kong) error {
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return err
	}
	for name, page := range Pages(app.Model) {
		if err := os.WriteFile(filepath.Join(c.Dir, name+".1"), []byte(page), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Pages returns the pages, in the language of man(7), by their names such as
// thumbery-serve.
func Pages(app *kong.Application) map[string]string {
	pages := map[string]string{app.Name: overview(app)}
	for _, command := range visible(app) {
		pages[pageOf(app, command)] = subcommand(app, command)
	}
	return pages
}

func visible(app *kong.Application) (commands []*kong.Node) {
	for _, c := range app.Children {
		if !c.Hidden {
			commands = append(commands, c)
		}
	}
	return commands
}

func pageOf(app *kong.Application, command *kong.Node) string { return app.Name + "-" + command.Name }

func overview(app *kong.Application) string {
	p := newPage(app.Name, "resizes images on the fly")
	p.section("SYNOPSIS")
	p.line(".B " + escape(app.Name))
	p.line(".I COMMAND")
	p.line("[\\fIFLAG\\fR ...]")
	p.section("DESCRIPTION")
	p.paragraphs(app.Help)
	p.section("COMMANDS")
	for _, c := range visible(app) {
		p.item(".BR " + escape(pageOf(app, c)) + " (1)")
		p.text(c.Help)
	}
	p.section("FLAGS OF ALL COMMANDS")
	for _, f := range app.Flags {
		p.flag(f)
	}
	p.end(app, nil)
	return p.String()
}

func subcommand(app *kong.Application, command *kong.Node) string {
	p := newPage(pageOf(app, command), firstWords(command.Help))
	p.section("SYNOPSIS")
	p.line(".B " + escape(app.Name+" "+command.Name))
	p.line("[\\fIFLAG\\fR ...]")
	for _, a := range command.Positional {
		p.line("\\fI" + escape(a.ShortSummary()) + "\\fR")
	}
	p.section("DESCRIPTION")
	p.paragraphs(command.Help)
	p.paragraphs(command.Detail)
	if len(command.Positional) > 0 {
		p.section("ARGUMENTS")
		for _, a := range command.Positional {
			p.item("\\fI" + escape(a.ShortSummary()) + "\\fR")
			p.text(a.Help)
		}
	}
	p.section("FLAGS")
	p.text("Those of all commands, --help and --config, are in " + app.Name + "(1).")
	for _, group := range groups(command.Flags) {
		if group.title != "" {
			p.line(".SS " + escape(group.title))
		}
		for _, f := range group.flags {
			p.flag(f)
		}
	}
	p.end(app, command)
	return p.String()
}

// end has what every page ends with. command is that of the page, nil for the program's.
func (p *page) end(app *kong.Application, command *kong.Node) {
	p.exitStatus()
	p.files()
	p.section("SEE ALSO")
	p.references(app, command)
}

// group are flags under one title, "" for those of none, which come first.
type group struct {
	title string
	flags []*kong.Flag
}

func groups(flags []*kong.Flag) []group {
	all := []group{{}}
	index := map[string]int{"": 0}
	for _, f := range flags {
		if f.Hidden {
			continue
		}
		title := ""
		if f.Group != nil {
			title = f.Group.Title
		}
		i, known := index[title]
		if !known {
			i, all = len(all), append(all, group{title: title})
			index[title] = i
		}
		all[i].flags = append(all[i].flags, f)
	}
	return all
}
