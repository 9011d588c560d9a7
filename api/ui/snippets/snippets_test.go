package snippets

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/variant"
)

const secret = "k1:an-example-secret-not-for-use"

var keys = []string{
	"photos/cat.jpg", "a b+c&d=e.jpg", `q'uo"te`, "</script><!--", "#{1+1} #$0 #@x ${1+1} $x {$x}", `back\slash\n\`, `\'; x("`, "%> <%= 1 %> ?>",
	"}} {{ 1 }} {% x %} {# y #}", "100% %41 %%>", "кот 🐈\u200d⬛\u2028\u00ad.jpg", "`backtick`", "x /* -- # comment", "</SCRIPT>\u00a0", "s.k1.sig/300x/cat.jpg",
}

// servers are with and without keys and presets; nobody has such a base.
func servers(t *testing.T) map[string]Server {
	t.Helper()
	presets := variant.Presets{}
	keyring := &variant.Keyring{}
	if err := errors.Join(presets.Add("thumb=300x200,f_auto"), presets.Add("plain=gray"), keyring.Add(secret)); err != nil {
		t.Fatal(err)
	}
	formats := []variant.Format{variant.AVIF, variant.WebP}
	return map[string]Server{
		"unsigned": {Links: variant.Links{Base: "https://img.example.com", Presets: presets}, Formats: formats},
		"signed":   {Links: variant.Links{Base: "https://img.example.com/pictures", Presets: presets, Keyring: keyring}, Limits: variant.Limits{Signed: true}, Formats: formats},
		"odd base": {Links: variant.Links{Base: "http://[::1]:80/'\"\\#{x}$y</script>%>}}\n\t\u2028", Presets: presets}, Formats: formats},
	}
}

// TestRun runs each snippet in its language, with the real library: it must make the URL
// that Go makes.
func TestRun(t *testing.T) {
	t.Parallel()
	if testing.Short() || runtime.GOOS == "darwin" {
		t.Skip("needs the languages, with their template engines from Debian")
	}
	for name, s := range servers(t) {
		want := map[string][]string{}  // the URLs, by title
		codes := map[string][]string{} // that make them
		for i, key := range keys {
			ops := []string{"h_200,w_300,f_auto", "thumb", "thumb,q_80", "plain,300x", "raw,dl_a.jpg", "dpr_1", "300x,fp_0.3_0.2,bg_ff0000"}[i%7]
			url, err := s.Links.URL(ops, key)
			if err != nil {
				t.Fatal(err)
			}
			for _, snippet := range snippets(t, s, ops, key) {
				if snippet.Language != "HTML" {
					codes[snippet.Title] = append(codes[snippet.Title], snippet.Code)
					want[snippet.Title] = append(want[snippet.Title], url)
				}
			}
		}
		if len(codes) != len(calls) {
			t.Fatalf("snippets of %d kinds", len(codes))
		}
		for program, titles := range map[string][]string{"go": {"Go", "html/template"}, "node": {"JavaScript"}, "python": {"Python", "Jinja"}, "php": {"PHP", "Twig"}, "ruby": {"Ruby", "ERB"}} {
			t.Run(name+"/"+program, func(t *testing.T) {
				t.Parallel()
				got := run(t, program, s, codes[titles[0]], codes[titles[len(titles)-1]])
				if name == "odd base" && program == "go" {
					titles = titles[:1] // html/template mends what is no URL
				}
				for i, title := range titles {
					for j, want := range want[title] {
						if got[i][j] != want {
							t.Errorf("%s\n gives %q\n want  %q", codes[title][j], got[i][j], want)
						}
					}
				}
			})
		}
	}
}

func snippets(t *testing.T, s Server, ops, key string) []Snippet {
	t.Helper()
	all, err := s.For(ops, key)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// run gives the programs and the templates of a language to testdata/run.*, and returns
// what the programs gave, and the templates, without their HTML.
func run(t *testing.T, program string, s Server, programs, templates []string) [2][]string {
	t.Helper()
	settings := map[string]any{"base": s.Links.Base, "presets": []string{"thumb", "plain"}, "key": ""}
	if s.Limits.Signed {
		settings["key"] = secret
	}
	input, err := json.Marshal(map[string]any{"programs": programs, "templates": templates, "settings": settings})
	if err != nil {
		t.Fatal(err)
	}
	cmd := command(t, program, programs)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), t.Output()
	cmd.Env = append(os.Environ(), "THUMBERY_KEY="+secret+" old:another-secret-not-for-use", "PYTHONDONTWRITEBYTECODE=1")
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v", cmd, err)
	}
	var got struct{ Programs, Templates []string }
	if err := json.Unmarshal(output, &got); err != nil || len(got.Programs) != len(programs) {
		t.Fatalf("%s: %v", output, err)
	}
	for i, page := range got.Templates {
		src, _ := strings.CutPrefix(page, `<img src="`)
		src, _ = strings.CutSuffix(src, `" alt="">`)
		got.Templates[i] = html.UnescapeString(src)
	}
	return [2][]string{got.Programs, got.Templates}
}

// command is what runs programs; that of Go is one with all of them in it.
func command(t *testing.T, program string, programs []string) *exec.Cmd {
	t.Helper()
	switch program {
	case "go":
		frame, err := os.ReadFile("testdata/run.go.txt")
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "main.go")
		var all strings.Builder
		for _, code := range programs {
			fmt.Fprintf(&all, "\tfunc() error {\n%s\n\treturn add(url, err) },\n", code)
		}
		if err := os.WriteFile(file, bytes.Replace(frame, []byte("// programs"), []byte(all.String()), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		return exec.CommandContext(t.Context(), "go", "run", file)
	case "python":
		python := "/usr/bin/python3" // Debian's, with Jinja
		if _, err := os.Stat(python); err != nil {
			python = "python3"
		}
		return exec.CommandContext(t.Context(), python, "testdata/run.py")
	case "node":
		dir := t.TempDir()
		library, err := filepath.Abs("../../../clients/js")
		if err == nil {
			err = errors.Join(os.Mkdir(filepath.Join(dir, "node_modules"), 0o700), os.Symlink(library, filepath.Join(dir, "node_modules/thumbery")))
		}
		if err != nil {
			t.Fatal(err)
		}
		return exec.CommandContext(t.Context(), "node", "testdata/run.mjs", dir)
	}
	return exec.CommandContext(t.Context(), program, "testdata/run."+map[string]string{"php": "php", "ruby": "rb"}[program])
}

var (
	shapeOfHTML = regexp.MustCompile(`^(<picture>\n(<source( [a-z]+="[^"<>]*")+>\n)+<img( [a-z]+="[^"<>]*")+>\n</picture>|<img( [a-z]+="[^"<>]*")+>)$`)
	urlsOfHTML  = regexp.MustCompile(` (?:src|srcset)="([^"]*)"`)
)

// TestHTML: what is copied into a page is HTML, and every URL in it is one that the server
// permits, of this picture.
func TestHTML(t *testing.T) {
	t.Parallel()
	all := servers(t)
	presets := all["unsigned"].Links.Presets
	all["sizes"] = Server{Links: variant.Links{Presets: presets}, Limits: variant.Limits{Sizes: []int{200, 300, 600}}, Formats: []variant.Format{variant.WebP}}
	all["presets only"] = Server{Links: variant.Links{Presets: presets}, Limits: variant.Limits{PresetsOnly: true}, Formats: []variant.Format{variant.WebP}}
	delete(all, "odd base")
	tests := []struct {
		ops    string
		titles map[string]string // by server; "" is for all others
	}{
		{"300x200", map[string]string{"": "srcset <picture>", "presets only": ""}},
		{"300x,dpr_2,f_jpeg", map[string]string{"": "srcset <picture>", "presets only": ""}},
		{"f_auto", map[string]string{"": "srcset <picture>", "presets only": ""}},
		{"301x", map[string]string{"": "srcset <picture>", "presets only": "", "sizes": ""}},
		{"dpr_1", map[string]string{"": "srcset <picture>", "presets only": ""}},
		{"10000x", map[string]string{"": "<picture>", "presets only": "", "sizes": ""}}, // twice that is too large
		{"thumb", map[string]string{"": "srcset <picture>", "presets only": ""}},
		{"plain", map[string]string{"": ""}}, // has no size, and widths after a preset need both sides
		{"raw", map[string]string{"": ""}},
		{"info", map[string]string{"": ""}},
	}
	for name, s := range all {
		for _, tt := range tests {
			want, ok := tt.titles[name]
			if !ok {
				want = tt.titles[""]
			}
			for _, key := range keys {
				var titles []string
				for _, snippet := range snippets(t, s, tt.ops, key) {
					if snippet.Language == "HTML" {
						titles = append(titles, snippet.Title)
						checkURLs(t, s, snippet.Code, key)
					}
				}
				if got := strings.Join(titles, " "); got != want {
					t.Errorf("%s of a server with %s: %q, want %q", tt.ops, name, got, want)
				}
			}
		}
	}
}

func checkURLs(t *testing.T, s Server, code, key string) {
	t.Helper()
	found := urlsOfHTML.FindAllStringSubmatch(code, -1)
	for _, match := range found {
		for candidate := range strings.SplitSeq(html.UnescapeString(match[1]), ", ") {
			candidate, _, _ = strings.Cut(strings.TrimPrefix(candidate, s.Links.Base), " ")
			path, err := url.PathUnescape(candidate)
			p, errPath := variant.ParsePath(path)
			o, errOps := s.Links.Presets.Parse(p.Ops)
			if err := errors.Join(err, errPath, errOps); err != nil || string(p.Key) != key {
				t.Errorf("%q in %s: %v", candidate, code, err)
			} else if err := s.Limits.Permit(o, s.Links.Presets); err != nil || s.Limits.Signed != (p.Signature.MAC != "") {
				t.Errorf("%q in %s: %v", candidate, code, err)
			}
		}
	}
	if len(found) < 2 || !shapeOfHTML.MatchString(code) {
		t.Errorf("HTML without URLs, or with a stray tag: %s", code)
	}
}

// TestSigned: without a key to sign with, HTML would be of no use; no snippet has the secret.
func TestSigned(t *testing.T) {
	t.Parallel()
	s := servers(t)["signed"]
	for _, snippet := range snippets(t, s, "300x200", "cat.jpg") {
		if strings.Contains(snippet.Code, "not-for-use") {
			t.Errorf("the secret is in %s", snippet.Code)
		}
	}
	s.Links.Keyring = nil
	all := snippets(t, s, "300x200", "cat.jpg")
	if all[0].Language != "Go" || !slices.ContainsFunc(all, func(s Snippet) bool { return strings.Contains(s.Code, `process.env.THUMBERY_KEY`) }) {
		t.Errorf("snippets of a server that does not sign here: %v", all)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ops, key string
		want     error
	}{
		{"300x200\"); alert(1)//", "cat.jpg", variant.ErrOptions},
		{"300x</script>", "cat.jpg", variant.ErrOptions},
		{"#{x}", "cat.jpg", variant.ErrOptions},
		{"", "cat.jpg", variant.ErrOptions},
		{"300x", "", variant.ErrKey},
		{"300x", "a\nb.jpg", variant.ErrKey},
		{"300x", "../cat.jpg", variant.ErrKey},
		{"300x", "\xff.jpg", variant.ErrKey},
	} {
		if all, err := (Server{}).For(tt.ops, tt.key); !errors.Is(err, tt.want) {
			t.Errorf("%q of %q: %v, %v", tt.ops, tt.key, all, err)
		}
	}
}

// TestScript: a page may have the snippets of JavaScript within a <script>.
func TestScript(t *testing.T) {
	t.Parallel()
	for _, key := range keys {
		for _, snippet := range snippets(t, servers(t)["odd base"], "300x", key) {
			if snippet.Language == "JavaScript" && strings.ContainsAny(snippet.Code, "<\u2028") {
				t.Error(snippet.Code)
			}
		}
	}
}
