// Package snippets writes what a page needs to show a picture, as HTML and as calls of the
// libraries in clients/, to be copied.
package snippets

import (
	"fmt"
	"strings"

	"github.com/thumbery/thumbery/variant"
)

// Snippet is code in a language: of a program, or of a template.
type Snippet struct {
	Language string `json:"language"` // "HTML", "Go", "JavaScript", "Jinja" …
	Title    string `json:"title"`    // tells those of one language apart
	Code     string `json:"code"`     // some lines, without a newline at the end
}

// Server is what snippets depend on, besides the picture.
type Server struct {
	// Links makes the URLs in HTML. Programs have its Base and its Presets, and read the
	// key from the environment. Its Hosts, Scope and Expires are of no effect on them.
	Links variant.Links
	// Limits are those of the server: HTML has no URL beyond them. If they ask for signed
	// URLs and Links has no key, there is no HTML.
	Limits variant.Limits
	// Formats are those of the <picture>, the best first.
	Formats []variant.Format
}

// For returns the snippets for a picture: HTML first, unless there is none, then programs,
// then templates. It returns an *Error of package variant, of kind ErrOptions or ErrKey, for
// what the server would refuse.
func (s Server) For(ops, key string) ([]Snippet, error) {
	o, err := s.Links.Presets.Parse(ops)
	if err != nil {
		return nil, err
	}
	k, err := variant.ParseKey(key)
	if err != nil {
		return nil, err
	}
	c := call{ops: o.Canonical, key: string(k), base: s.Links.Base, preset: o.Preset, signed: s.Limits.Signed}
	if c.preset != "" {
		c.meaning = s.Links.Presets[c.preset].String()
	}
	return append(s.html(o, key), c.snippets()...), nil
}

// defaultWidths are those of the srcset of a picture without a size, if the server permits
// any: a telephone, a tablet, a desktop.
var defaultWidths = []int{320, 640, 1280}

// html is what works as it is. What cannot be had for o is left out: raw has no srcset.
func (s Server) html(o variant.Ops, key string) []Snippet {
	if o.Variant.Kind != variant.Picture || s.Limits.Signed && s.Links.Keyring.Empty() {
		return nil
	}
	ops := without("dpr_", o.Canonical) // a srcset has a density of its own
	tag := s.candidates(o, ops)
	var all []Snippet
	add := func(title string) {
		if html, err := s.Links.Picture(ops, key, tag); err == nil {
			all = append(all, Snippet{"HTML", title, strings.ReplaceAll(html, "><", ">\n<")})
		}
	}
	if len(tag.Widths)+len(tag.Densities) > 1 {
		add("srcset")
	}
	for _, format := range s.Formats {
		if s.permits(without("f_", ops) + ",f_" + format.String() + size(tag)) {
			tag.Formats = append(tag.Formats, format)
		}
	}
	if tag.Formats != nil {
		add("<picture>")
	}
	return all
}

// candidates are densities for a picture with a size, and otherwise widths: those that the
// server permits.
func (s Server) candidates(o variant.Ops, ops string) (tag variant.Tag) {
	if o.Variant.Width > 0 || o.Variant.Height > 0 {
		tag.Densities = []float64{1, 2}
		if !s.permits(ops + ",dpr_2") {
			tag.Densities = nil
		}
		return tag
	}
	tag.Sizes = "100vw"
	widths := defaultWidths
	if len(s.Limits.Sizes) > 0 {
		widths = s.Limits.Sizes
	}
	for _, w := range widths {
		if s.permits(ops + size(variant.Tag{Widths: []int{w}})) {
			tag.Widths = append(tag.Widths, w)
		}
	}
	return tag
}

// size is the option that the srcset of a tag adds.
func size(tag variant.Tag) string {
	if len(tag.Widths) == 0 {
		return ""
	}
	return fmt.Sprintf(",%dx", tag.Widths[0])
}

func (s Server) permits(ops string) bool {
	o, err := s.Links.Presets.Parse(strings.TrimPrefix(ops, ","))
	return err == nil && s.Limits.Permit(o, s.Links.Presets) == nil
}

// without returns the options that do not begin with the prefix.
func without(prefix, ops string) string {
	var kept []string
	for option := range strings.SplitSeq(ops, ",") {
		if !strings.HasPrefix(option, prefix) {
			kept = append(kept, option)
		}
	}
	return strings.Join(kept, ",")
}
