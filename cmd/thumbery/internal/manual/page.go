package manual

import (
	"cmp"
	_ "embed"
	"slices"
	"strings"
	"text/template"

	"github.com/alecthomas/kong"
)

//go:embed pages.tmpl
var source string

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"upper": strings.ToUpper, "plain": plain, "text": text, "paragraphs": paragraphs, "placeholder": placeholder, "notes": notes,
}).Parse(source))

// page is that of a command, or of the program, which has no parent.
type page struct{ *kong.Node }

// all are the page of the program and those of its commands.
func all(program *kong.Node) []page {
	pages := []page{{program}}
	for _, command := range program.Children {
		if !command.Hidden {
			pages = append(pages, page{command})
		}
	}
	return pages
}

func (p page) Title() string {
	if p.Parent == nil {
		return p.Name
	}
	return p.Parent.Name + "-" + p.Name
}

// Summary is what the help text begins with: a line for apropos.
func (p page) Summary() string {
	if p.Parent == nil {
		return "resizes images on the fly"
	}
	first, _, _ := strings.Cut(p.Help, ". ")
	first, _, _ = strings.Cut(strings.TrimSuffix(first, "."), ": ")
	return strings.ToLower(first[:1]) + first[1:]
}

func (p page) Commands() []page { return all(p.Node)[1:] }

// Flags are those to be shown. Those without a group come first, as no heading stands above them.
func (p page) Flags() []*kong.Flag {
	var without, grouped []*kong.Flag
	for _, f := range p.Node.Flags {
		switch {
		case f.Hidden:
		case f.Group == nil:
			without = append(without, f)
		default:
			grouped = append(grouped, f)
		}
	}
	return append(without, grouped...)
}

// Others are all pages but this one.
func (p page) Others() []page {
	program := p.Node
	if p.Parent != nil {
		program = p.Parent
	}
	return slices.DeleteFunc(all(program), func(other page) bool { return other == p })
}

// placeholder is the word for the value of a flag. The default is in its notes.
func placeholder(f *kong.Flag) string { return cmp.Or(f.PlaceHolder, strings.ToUpper(f.Name)) }

// notes are what there is to say of a flag besides its help.
func notes(f *kong.Flag) string {
	var all []string
	if f.Enum != "" {
		all = append(all, "One of "+strings.Join(f.EnumSlice(), ", ")+".")
	}
	if f.HasDefault {
		all = append(all, "Default: "+f.Default+".")
	}
	for _, env := range f.Envs {
		all = append(all, "Environment: "+env+".")
	}
	return strings.Join(all, " ")
}

// paragraphs sets texts of several. Those indented are examples.
func paragraphs(texts ...string) string {
	var lines []string
	for paragraph := range strings.SplitSeq(strings.TrimSpace(strings.Join(texts, "\n\n")), "\n\n") {
		if lines != nil {
			lines = append(lines, ".PP")
		}
		if !strings.HasPrefix(paragraph, "    ") {
			lines = append(lines, text(strings.ReplaceAll(paragraph, "\n", " ")))
			continue
		}
		lines = append(lines, ".nf")
		for line := range strings.SplitSeq(paragraph, "\n") {
			lines = append(lines, text(line))
		}
		lines = append(lines, ".fi")
	}
	return strings.Join(lines, "\n") + "\n"
}

// text is a paragraph, of which the first line is no request.
func text(s string) string {
	if s = plain(s); strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		return `\&` + s
	}
	return s
}

// plain leaves nothing of a text to be taken for a command, and hyphens for what they are, so
// that flags can be copied.
func plain(s string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...", "×", "x").Replace(s)
}
