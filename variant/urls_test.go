package variant

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata/urls.json anew")

const urlsFile = "../testdata/urls.json"

// urlsComment is for who reads the file.
const urlsComment = "What variant.Links gives and the libraries in clients/ must give, made by make vectors. " +
	"A case has the settings of a library (those that differ from the defaults), a call with its arguments, and the result: want, or refused."

// urlCase is a case of testdata/urls.json.
type urlCase struct {
	Settings  settings       `json:"settings,omitzero"`
	Call      string         `json:"call"` // url, srcset, picture, source or placeholder
	Ops       string         `json:"ops"`
	Named     map[string]any `json:"named,omitempty"` // ops as the libraries take them, too
	Key       string         `json:"key,omitempty"`
	Widths    []int          `json:"widths,omitempty"`
	Densities []float64      `json:"densities,omitempty"`
	Sizes     string         `json:"sizes,omitempty"`
	Formats   []string       `json:"formats,omitempty"`
	Alt       string         `json:"alt,omitempty"`
	Attribute []string       `json:"attribute,omitempty"` // name and value
	Info      map[string]any `json:"info,omitempty"`      // from /info, for placeholder
	Want      string         `json:"want,omitempty"`
	Refused   bool           `json:"refused,omitempty"`
}

// settings are those of Links.
type settings struct {
	Base    string   `json:"base,omitempty"`
	Hosts   []string `json:"hosts,omitempty"`
	Key     string   `json:"key,omitempty"`     // KID:SECRET, or several, separated by spaces
	Expires int      `json:"expires,omitempty"` // seconds
	Now     int      `json:"now,omitempty"`     // seconds since 1970
	Scope   string   `json:"scope,omitempty"`
	Presets []string `json:"presets,omitempty"` // their names
}

// presetsOfCases are what the server has under the names in settings.Presets.
var presetsOfCases = []string{"thumb=300x200,f_auto", "card=640x360,fit_inside,g_ne"}

func (s settings) links(t *testing.T) Links {
	t.Helper()
	l := Links{Base: s.Base, Hosts: s.Hosts, Scope: Scope(s.Scope), Expires: time.Duration(s.Expires) * time.Second, Keyring: &Keyring{}}
	l.Now = func() time.Time { return time.Unix(int64(s.Now), 0) }
	for key := range strings.FieldsSeq(s.Key) {
		if err := l.Keyring.Add(key); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.Presets) > 0 {
		l.Presets = presets(t, presetsOfCases...)
	}
	return l
}

// call makes what c asks for.
func (c urlCase) call(t *testing.T) (string, error) {
	t.Helper()
	l, ops := c.Settings.links(t), c.Ops
	switch {
	case c.Call == "srcset" && c.Widths != nil:
		return l.Srcset(ops, c.Key, c.Widths...)
	case c.Call == "srcset":
		return l.Densities(ops, c.Key, c.Densities...)
	case c.Call == "picture":
		tag := Tag{Widths: c.Widths, Densities: c.Densities, Sizes: c.Sizes, Alt: c.Alt}
		for _, name := range c.Formats {
			f, err := ParseFormat(name)
			if err != nil {
				t.Fatal(err)
			}
			tag.Formats = append(tag.Formats, f)
		}
		if c.Attribute != nil {
			tag.Attributes = []Attribute{{c.Attribute[0], c.Attribute[1]}}
		}
		return l.Picture(ops, c.Key, tag)
	case c.Call == "source":
		return l.Source(c.Key)
	case c.Call == "placeholder":
		var info Placeholder
		text, err := json.Marshal(c.Info)
		if err == nil {
			err = json.Unmarshal(text, &info)
		}
		return info.CSS(), err
	}
	return l.URL(ops, c.Key)
}

// TestURLs: the file is what Links gives today.
func TestURLs(t *testing.T) {
	t.Parallel()
	cases := urlCases()
	for i := range cases {
		got, err := cases[i].call(t)
		switch {
		case cases[i].Refused && err == nil:
			t.Errorf("%+v gives %q", cases[i], got)
		case !cases[i].Refused && err != nil:
			t.Errorf("%+v: %v", cases[i], err)
		}
		if err == nil {
			cases[i].Want = got
		}
	}
	var b bytes.Buffer
	b.WriteString("{\n \"comment\": " + quoteForPeople(urlsComment) + ",\n \"cases\": [\n")
	for i, c := range cases {
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		b.WriteString("  ")
		if err := e.Encode(c); err != nil {
			t.Fatal(err)
		}
		if i < len(cases)-1 {
			b.Truncate(b.Len() - 1)
			b.WriteString(",\n")
		}
	}
	b.WriteString(" ]\n}\n")
	if *update {
		if err := os.WriteFile(urlsFile, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if file, err := os.ReadFile(urlsFile); err != nil || !bytes.Equal(file, b.Bytes()) {
		t.Errorf("%s is not what Links gives (%v): run make vectors, and make test for the libraries", urlsFile, err)
	}
}
