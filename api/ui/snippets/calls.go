package snippets

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"text/template"
)

// call is one of url, in any language.
type call struct {
	ops, key, base  string
	preset, meaning string // "" without
	signed          bool
}

// calls are the snippets of programs and templates. What stands between {{ and }} is a
// literal of the language, or chosen by whether there is a key or a preset.
var calls = []struct {
	Snippet
	quote func(string) string
}{
	{Snippet{"Go", "Go", `{{if .Preset}}presets := variant.Presets{}
if err := presets.Add({{.Definition}}); err != nil {
	return err
}
{{end}}{{if .Signed}}var keys variant.Keyring
first, _, _ := strings.Cut(os.Getenv("THUMBERY_KEY"), " ")
if err := keys.Add(first); err != nil {
	return err
}
{{end}}links := variant.Links{Base: {{.Base}}{{if .Signed}}, Keyring: &keys{{end}}{{if .Preset}}, Presets: presets{{end}}}
url, err := links.URL({{.Ops}}, {{.Key}})`}, strconv.Quote},
	{Snippet{"JavaScript", "JavaScript", `{{if .Signed}}import { Signer } from "thumbery/sign"; // on a server
const thumbery = new Signer({ base: {{.Base}}, key: process.env.THUMBERY_KEY{{else}}import { Thumbery } from "thumbery";
const thumbery = new Thumbery({ base: {{.Base}}{{end}}{{if .Preset}}, presets: [{{.Preset}}]{{end}} });
const url = thumbery.url({{.Ops}}, {{.Key}});`}, quoteJSON},
	{Snippet{"Python", "Python", `{{if .Signed}}import os
{{end}}from thumbery import Thumbery
thumbery = Thumbery({{.Base}}{{if .Signed}}, key=os.environ["THUMBERY_KEY"]{{end}}{{if .Preset}}, presets=[{{.Preset}}]{{end}})
url = thumbery.url({{.Ops}}, {{.Key}})`}, quoteJSON},
	{Snippet{"PHP", "PHP", `$thumbery = new Thumbery\Thumbery({{.Base}}{{if .Signed}}, key: getenv('THUMBERY_KEY') ?: throw new RuntimeException('no THUMBERY_KEY'){{end}}{{if .Preset}}, presets: [{{.Preset}}]{{end}});
$url = $thumbery->url({{.Ops}}, {{.Key}});`}, quotePHP},
	{Snippet{"Ruby", "Ruby", `require "thumbery"
thumbery = Thumbery.new(base: {{.Base}}{{if .Signed}}, key: ENV.fetch("THUMBERY_KEY"){{end}}{{if .Preset}}, presets: [{{.Preset}}]{{end}})
url = thumbery.url({{.Ops}}, {{.Key}})`}, quoteRuby},
	{Snippet{"Go", "html/template", `<img src="{{"{{picture"}} {{.Ops}} {{.Key}}{{"}}"}}" alt="">`}, strconv.Quote},
	{Snippet{"Python", "Jinja", `<img src="{{"{{"}} {{.Key}}|thumbery({{.Ops}}) {{"}}"}}" alt="">`}, quoteJSON},
	{Snippet{"PHP", "Twig", `<img src="{{"{{"}} {{.Key}}|thumbery({{.Ops}}) {{"}}"}}" alt="">`}, quotePHP},
	{Snippet{"Ruby", "ERB", `<img src="<%= thumbery_url {{.Ops}}, {{.Key}} %>" alt="">`}, quoteRuby},
}

func (c call) snippets() []Snippet {
	var all []Snippet
	for _, s := range calls {
		quoted := struct {
			Ops, Key, Base, Preset, Definition string
			Signed                             bool
		}{Ops: s.quote(c.ops), Key: s.quote(c.key), Base: s.quote(c.base), Signed: c.signed}
		if c.preset != "" {
			quoted.Preset, quoted.Definition = s.quote(c.preset), s.quote(c.preset+"="+c.meaning)
		}
		var code strings.Builder
		// Neither can fail: the templates are constants, and a Builder takes all.
		_ = template.Must(template.New("").Parse(s.Code)).Execute(&code, quoted)
		all = append(all, Snippet{s.Language, s.Title, code.String()})
	}
	return all
}

// quoteJSON is a literal in JavaScript, Python and Jinja. It may stand within a <script>.
func quoteJSON(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always can be
	return strings.ReplaceAll(strings.TrimSpace(b.String()), "<", `\u003c`)
}

// quotePHP is a literal in PHP and Twig, where only double quotes interpolate.
func quotePHP(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}

// quoteRuby is a literal in Ruby that does not interpolate, and does not end an ERB tag.
func quoteRuby(s string) string {
	return strings.NewReplacer("#", `\#`, "%>", `%\u003e`).Replace(quoteJSON(s))
}
