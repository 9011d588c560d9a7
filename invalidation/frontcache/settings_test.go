package frontcache

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(text string) string {
		f, err := os.CreateTemp(dir, "*.toml")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		return "file:" + f.Name()
	}
	for _, tt := range []struct {
		name, value, wantErr string
		caches               int
	}{
		{"a Varnish", "http://varnish:6081/", "", 1},
		{"credentials in a flag", "http://me:hunter2@varnish:6081/", "credentials and templates belong in a file", 0},
		{"not a URL", "http://me:hunter2@varnish:port/", "neither a URL", 0},
		{"a template in a flag", "http://{{env}}/", "neither a URL", 0},
		{"a template in a path", "http://varnish/{{env}}", "credentials and templates belong in a file", 0},
		{"two sections", file("[[purge]]\nurl='http://a/'\n[[purge]]\nurl='http://b/'\nmax-tags=3\nper-minute=0.5\n"), "", 2},
		{"with slashes", strings.Replace(file("[[purge]]\nurl='http://a/'"), "file:", "file://", 1), "", 1},
		{"no file", "file:" + filepath.Join(dir, "none"), "no such file", 0},
		{"a directory", "file:" + dir, "is a directory", 0},
		{"no section", file(""), "no [[purge]] section", 0},
		{"an unknown field", file("[[purge]]\nurl='http://a/'\nmax_tags=3"), `no setting "purge.max_tags"`, 0},
		{"an unknown section", file("[[purges]]\nurl='http://a/'"), `no setting "purges`, 0},
		{"a wrong type", file("[[purge]]\nmax-tags='hunter2'"), "line 2", 0},
		{"not TOML", file("[[purge]]\nurl='http://a/'\nkey=hunter2"), "line 3", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got List
			err := got.UnmarshalText([]byte(tt.value))
			wantError(t, err, tt.wantErr)
			if len(got) != tt.caches {
				t.Errorf("%d caches: %+v", len(got), got)
			}
		})
	}
}

// wantError wants an error that contains a text, and not the secret of these tests.
func wantError(t *testing.T, err error, text string) {
	t.Helper()
	switch {
	case text == "" && err != nil:
		t.Error(err)
	case text != "" && (err == nil || !strings.Contains(err.Error(), text)):
		t.Errorf("got %v, want %q", err, text)
	case err != nil && strings.Contains(err.Error(), "hunter2"):
		t.Errorf("the secret is in: %v", err)
	}
}

func TestNew(t *testing.T) {
	t.Setenv("FRONT_SECRET", "hunter2")
	t.Setenv("FRONT_FILE", "hunter2\n")
	t.Setenv("FRONT_LINES", "hunter2\nhunter2")
	t.Setenv("FRONT_ODD", `http://a:"hunter2%zz`)
	for _, tt := range []struct {
		name     string
		settings Settings
		wantErr  string
		wantName string
	}{
		{"by host", Settings{URL: "http://varnish:6081/"}, "", "varnish:6081"},
		{"by name", Settings{URL: "http://varnish/", Name: "a"}, "", "a"},
		{"of a file with a newline", Settings{URL: "http://a/", Headers: map[string]string{"X": `{{env "FRONT_FILE"}}`}}, "", "a"},
		{"no URL", Settings{}, "url: is missing", ""},
		{"no host", Settings{URL: "{{.ID}}"}, "not a URL that begins with", ""},
		{"another scheme", Settings{URL: "ftp://a/"}, "not a URL that begins with", ""},
		{"not a template", Settings{URL: "http://a/{{"}, "template: url", ""},
		{"no such function", Settings{URL: "http://a/", Body: "{{tags}}"}, `function "tags" not defined`, ""},
		{"no such field", Settings{URL: "http://a/", Body: "{{.Keys}}"}, "can't evaluate field Keys", ""},
		{"fails with one tag", Settings{URL: "http://a/", Body: "{{index .Tags 1}}"}, "out of range", ""},
		{"no such variable", Settings{URL: "http://a/", Body: `{{env "FRONT_NONE"}}`}, "FRONT_NONE is not set", ""},
		{"a header's name", Settings{URL: "http://a/", Headers: map[string]string{"a b": ""}}, `"a b" is not the name of a header`, ""},
		{"a line break", Settings{URL: "http://a/", Headers: map[string]string{"X": `{{env "FRONT_LINES"}}`}}, "X has a line break", ""},
		{"a method", Settings{URL: "http://a/", Method: "PURGE ALL"}, "invalid method", ""},
		{"a name", Settings{URL: "http://a/", Name: "../a"}, `"../a" does not consist`, ""},
		{"a name that is secret", Settings{URL: `http://{{env "FRONT_SECRET"}}/`}, `"$FRONT_SECRET" does not consist`, ""},
		{"a URL that is secret", Settings{URL: `{{env "FRONT_SECRET"}}`}, "not a URL that begins with", ""},
		{"a URL that is broken", Settings{URL: `{{env "FRONT_ODD"}}`}, "not a URL that begins with", ""},
		{"too many tags", Settings{URL: "http://a/", MaxTags: 1001}, "max-tags", ""},
		{"a negative rate", Settings{URL: "http://a/", PerMinute: -1}, "per-minute", ""},
		{"a negative burst", Settings{URL: "http://a/", Burst: -1}, "burst", ""},
		{"no region", Settings{URL: "http://a/", AWS: "cloudfront"}, "aws: must be", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := New(tt.settings, config(t, nil))
			wantError(t, err, tt.wantErr)
			if err == nil && c.Name != tt.wantName {
				t.Errorf("the name is %q", c.Name)
			}
		})
	}
}

func TestNewAll(t *testing.T) {
	t.Parallel()
	varnish := func(host string) (l List) {
		if err := l.UnmarshalText([]byte("http://" + host + "/")); err != nil {
			t.Fatal(err)
		}
		return l
	}
	for _, tt := range []struct {
		lists   []List
		wantErr string
	}{
		{[]List{varnish("a"), {{Name: "b", URL: "http://a/"}, {Name: "c", URL: "http://a/"}}}, ""},
		{[]List{varnish("a"), {{URL: "http://a/"}}}, `two caches "a"`},
		{[]List{varnish("a"), {{Name: "b"}}}, "b: url: is missing"},
	} {
		all, err := NewAll(tt.lists, config(t, nil))
		wantError(t, err, tt.wantErr)
		if err == nil && len(all) != 3 {
			t.Errorf("%d caches", len(all))
		}
	}
}
