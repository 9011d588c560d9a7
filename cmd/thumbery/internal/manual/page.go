package manual

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// page is being written, in the language of man(7).
type page struct{ strings.Builder }

func newPage(name, summary string) *page {
	p := &page{}
	p.line(".\\\" Made from the flags by: thumbery manual DIR")
	p.line(fmt.Sprintf(`.TH %s 1 "" Thumbery "Thumbery manual"`, escape(strings.ToUpper(name))))
	p.section("NAME")
	p.line(escape(name) + ` \- ` + escape(summary))
	return p
}

func (p *page) line(text string) {
	p.WriteString(text)
	p.WriteByte('\n')
}

func (p *page) section(title string) { p.line(".SH " + escape(title)) }

// item begins one of a list; its text follows.
func (p *page) item(head string) {
	p.line(".TP")
	p.line(head)
}

// text writes one paragraph as it is meant for a terminal.
func (p *page) text(text string) {
	if text = escape(text); strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text // it is no request
	}
	p.line(text)
}

// paragraphs writes several, of which those indented are examples.
func (p *page) paragraphs(text string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if paragraph == "" {
			continue
		}
		if i > 0 || p.hasText() {
			p.line(".PP")
		}
		if !strings.HasPrefix(paragraph, "    ") {
			p.text(strings.ReplaceAll(paragraph, "\n", " "))
			continue
		}
		p.line(".nf")
		for line := range strings.SplitSeq(paragraph, "\n") {
			p.text(line)
		}
		p.line(".fi")
	}
}

// hasText reports whether the section has any: a paragraph right after its title is an
// error.
func (p *page) hasText() bool {
	lines := strings.Split(strings.TrimSpace(p.String()), "\n")
	return !strings.HasPrefix(lines[len(lines)-1], ".SH ")
}

// flag writes its names, its help, its default and its variable.
func (p *page) flag(f *kong.Flag) {
	name := `\fB\-\-` + escape(f.Name) + `\fR`
	if f.Short != 0 {
		name = `\fB\-` + string(f.Short) + `\fR, ` + name
	}
	switch {
	case f.Tag.Negatable != "":
		name += `, \fB\-\-no\-` + escape(f.Name) + `\fR`
	case !f.IsBool():
		name += `=\fI` + escape(placeholder(f)) + `\fR`
	}
	p.item(name)
	p.text(f.Help)
	var notes []string
	if f.Enum != "" {
		notes = append(notes, "One of "+strings.Join(f.EnumSlice(), ", ")+".")
	}
	if f.HasDefault {
		notes = append(notes, "Default: "+f.Default+".")
	}
	for _, env := range f.Envs {
		notes = append(notes, "Environment: "+env+".")
	}
	if len(notes) > 0 {
		p.line(".br")
		p.text(strings.Join(notes, " "))
	}
}

// placeholder stands for the value; a default is named elsewhere.
func placeholder(f *kong.Flag) string {
	if f.PlaceHolder != "" {
		return f.PlaceHolder
	}
	return strings.ToUpper(f.Name)
}

func (p *page) exitStatus() {
	p.section("EXIT STATUS")
	for _, s := range [][2]string{
		{"0", "It is done."},
		{"1", "It failed."},
		{"2", "There is a mistake in the command line, or in what it names."},
		{"3", "It is done, except for some files, which are in the log."},
	} {
		p.item(s[0])
		p.text(s[1])
	}
}

func (p *page) files() {
	p.section("FILES")
	p.text("Of the Debian package:")
	for _, f := range [][2]string{
		{"/etc/thumbery/thumbery.toml", "Settings, for --config: each flag that has a variable is a key."},
		{"/etc/thumbery/env", "Secrets, as variables."},
		{"/var/cache/thumbery", "The disk cache."},
		{"/run/thumbery/http.sock", "The socket for nginx."},
	} {
		p.item(".I " + escape(f[0]))
		p.text(f[1])
	}
}

// references are to all pages but that of a command.
func (p *page) references(app *kong.Application, but *kong.Node) {
	var pages []string
	if but != nil {
		pages = append(pages, app.Name)
	}
	for _, c := range visible(app) {
		if c != but {
			pages = append(pages, pageOf(app, c))
		}
	}
	for i, name := range pages {
		comma := ","
		if i == len(pages)-1 {
			comma = ""
		}
		p.line(".BR " + escape(name) + " (1)" + comma)
	}
}

// escape leaves nothing of a text to be taken for a command, and hyphens for what they are, so
// that flags can be copied.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...", "×", "x").Replace(text)
}

// firstWords is what a help text begins with, as the NAME section has it: a line for apropos.
func firstWords(help string) string {
	first, _, _ := strings.Cut(help, ". ")
	first = strings.TrimSuffix(first, ".")
	first, _, _ = strings.Cut(first, ": ")
	return strings.ToLower(first[:1]) + first[1:]
}
