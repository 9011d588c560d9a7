package variant

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

func TestParseKey(t *testing.T) {
	t.Parallel()
	good := []string{
		"cat.jpg", "photos/cat.jpg", "a b/c+d%e.jpg", "фото/кот.jpg", "...", "a/.hidden", "x:y(z)?#&",
		`a\b`, `\a\\b\`, `a\..b/c\.d`, `\`,
		strings.Repeat("k", MaxKeyBytes),
	}
	for _, s := range good {
		if k, err := ParseKey(s); err != nil || string(k) != s {
			t.Errorf("ParseKey(%q) = %q, %v", s, k, err)
		}
	}
	bad := map[string]string{
		"": "no picture", "/cat": "empty segment", "a//b": "empty segment", "a/": "empty segment",
		".": `segment "."`, "a/../b": `segment ".."`, "a/./b": `segment "."`, "..": `segment ".."`,
		`a\..\b`: `segment ".."`, `a\.`: `segment "."`, `..\a`: `segment ".."`, `a/..\b`: `segment ".."`, `a\./b`: `segment "."`,
		"a\x00b": "control", "a\nb": "control", "a\x7f": "control", "a\u0085b": "control",
		"a\xff": "UTF-8", strings.Repeat("k", MaxKeyBytes+1): "1025 bytes",
	}
	for s, reason := range bad {
		_, err := ParseKey(s)
		if !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), reason) {
			t.Errorf("ParseKey(%.20q) = %v, want ErrKey with %q", s, err, reason)
		}
	}
}

func mustParse(t *testing.T, ops string) Variant {
	t.Helper()
	v, err := Parse(ops)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestNames(t *testing.T) {
	t.Parallel()
	key := Key("photos/cat.jpg")
	name := func(ops string, a Accept, recipe string) Name { return mustParse(t, ops).Name(key, a, recipe) }
	base := name("300x200", 0, "1")
	if !regexp.MustCompile(`^[0-9a-f]{32}-[0-9a-f]{24}$`).MatchString(string(base)) {
		t.Errorf("the name is %q", base)
	}
	if !strings.HasPrefix(string(base), string(key.Name())) {
		t.Errorf("%q does not begin with the source's %q", base, key.Name())
	}
	same := map[string]Name{
		"spelling":                    name("h_200,w_300,fit_cover,dpr_1", 0, "1"),
		"download":                    name("300x200,dl_x.jpg", 0, "1"),
		"Accept where it is not used": name("300x200", AcceptWebP, "1"),
	}
	for what, n := range same {
		if n != base {
			t.Errorf("another %s gives another name", what)
		}
	}
	different := map[string]Name{
		"size": name("300x201", 0, "1"), "recipe": name("300x200", 0, "2"), "buster": name("300x200,v_1", 0, "1"),
		"key": mustParse(t, "300x200").Name("photos/dog.jpg", 0, "1"),
	}
	for what, n := range different {
		if n == base {
			t.Errorf("another %s gives the same name", what)
		}
	}
	first, second := mustParse(t, "300x,v_1").Original(key), mustParse(t, "raw,v_2").Original(key)
	if first == second || first == key.Name() || !strings.HasPrefix(string(first), string(key.Name())) {
		t.Errorf("the originals of two cache busters are %q and %q", first, second)
	}
	if mustParse(t, "300x").Original(key) != key.Name() {
		t.Error("without a cache buster the original has another name than the key")
	}
	auto := map[Name]bool{}
	for a := range Accept(Accepts) {
		auto[name("300x,f_auto", a, "1")] = true
	}
	if len(auto) != Accepts {
		t.Errorf("f_auto has %d names for %d sorts of clients", len(auto), Accepts)
	}
}
