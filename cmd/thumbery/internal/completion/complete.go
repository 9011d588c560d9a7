package completion

import (
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Answer is what may stand in place of the last word.
type Answer struct {
	Paths string // files, dirs, or words where no path fits
	Words []Word
}

// Word is one of several, and one sentence about it.
type Word struct{ Text, Help string }

// Complete returns what the last of words, which follow the program's name, may become.
// Presets are NAME=OPTIONS. A field of the flags may have a tag complete, which says what
// its value is: file, dir or preset, or after a comma a word. Its type may have a method
// Words, of values between which commas stand.
func Complete(app *kong.Application, words, presets []string) Answer {
	if len(words) == 0 {
		words = []string{""}
	}
	c := line{command: app.Node, presets: presets}
	for _, word := range words[:len(words)-1] {
		c.pass(word)
	}
	return c.complete(words[len(words)-1])
}

// line is what the words before the last one say.
type line struct {
	command    *kong.Node
	positional int        // how many there are
	waiting    *kong.Flag // for its value
	presets    []string
}

func (l *line) pass(word string) {
	switch command := l.child(word); {
	case l.waiting != nil:
		l.waiting = nil
	case strings.HasPrefix(word, "-"):
		if f := l.flag(word); f != nil && !f.IsBool() {
			l.waiting = f
		}
	case command != nil:
		l.command = command
	default:
		l.positional++
	}
}

func (l *line) complete(word string) Answer {
	name, value, hasValue := strings.Cut(word, "=")
	isFlag := strings.HasPrefix(word, "-")
	switch flag := l.flag(name); {
	case l.waiting != nil:
		return l.values(l.waiting.Value, "", word)
	case isFlag && hasValue && flag != nil:
		return l.values(flag.Value, name+"=", value)
	case isFlag:
		return matching(l.flags(), word)
	case len(l.command.Children) > 0:
		return matching(l.children(), word)
	case l.positional < len(l.command.Positional):
		return l.values(l.command.Positional[l.positional], "", word)
	}
	return matching(nil, word)
}

// child is a command by its name; nil if there is none.
func (l *line) child(name string) *kong.Node {
	for _, c := range l.command.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func (l *line) children() (words []Word) {
	for _, c := range l.command.Children {
		if !c.Hidden {
			words = append(words, Word{c.Name, sentence(c.Help)})
		}
	}
	return words
}

// flag is one of the command, by its name with the hyphens; nil if there is none.
func (l *line) flag(name string) *kong.Flag {
	for _, f := range slices.Concat(l.command.AllFlags(false)...) {
		if name == "--"+f.Name {
			return f
		}
	}
	return nil
}

func (l *line) flags() (words []Word) {
	for _, f := range slices.Concat(l.command.AllFlags(true)...) {
		words = append(words, Word{"--" + f.Name, sentence(f.Help)})
		if f.Tag.Negatable != "" {
			words = append(words, Word{"--no-" + f.Name, "The opposite of --" + f.Name + "."})
		}
	}
	return words
}

// values are those of a flag or an argument that complete text, with what stands before it
// in the same word.
func (l *line) values(v *kong.Value, before, text string) Answer {
	kind, others, _ := strings.Cut(v.Tag.Get("complete"), ",")
	texts := strings.Fields(others)
	if v.Enum != "" {
		texts = append(texts, v.EnumSlice()...)
	}
	if list, ok := reflect.New(v.Target.Type()).Interface().(interface{ Words() []string }); ok {
		texts = append(texts, list.Words()...)
		last := strings.LastIndexByte(text, ',') + 1
		before, text = before+text[:last], text[last:]
	}
	var words []Word
	for _, t := range texts {
		words = append(words, Word{Text: t})
	}
	if kind == "preset" {
		for _, p := range l.presets {
			name, options, _ := strings.Cut(p, "=")
			words = append(words, Word{name, options})
		}
	}
	answer := matching(words, text)
	for i := range answer.Words {
		answer.Words[i].Text = before + answer.Words[i].Text
	}
	if kind == "file" || kind == "dir" {
		answer.Paths = kind + "s"
	}
	return answer
}

// matching is the answer of those words that begin with text.
func matching(words []Word, text string) Answer {
	a := Answer{Paths: "words"}
	for _, w := range words {
		if strings.HasPrefix(w.Text, text) {
			a.Words = append(a.Words, w)
		}
	}
	return a
}

// sentence is the first one of a help text.
func sentence(help string) string {
	first, _, _ := strings.Cut(help, ". ")
	return strings.TrimSuffix(first, ".")
}
