package cache

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/variant"
)

func TestCheckName(t *testing.T) {
	t.Parallel()
	full := strings.Repeat("0123456789abcdef", 4)
	for name, good := range map[string]bool{
		string(variant.Key("photos/cat.jpg").Name()): true,
		"3fa":               true,
		"3fa-000":           true,
		full + "-" + full:   true,
		"":                  false,
		"3f":                false,
		"3fa-00":            false,
		"3fa-":              false,
		"-3fa":              false,
		"3fa-000-000":       false,
		"3fA":               false,
		"3fg":               false,
		"3f/":               false,
		"...":               false,
		full + "0":          false,
		"3fa-" + full + "0": false,
	} {
		err := CheckName(variant.Name(name))
		if good && err != nil || !good && !errors.Is(err, ErrName) {
			t.Errorf("CheckName(%q) = %v, want good = %v", name, err, good)
		}
	}
}

func FuzzCheckName(f *testing.F) {
	for _, s := range []string{"", "3fa", "3fa0-1234", "../..", "3fa0\x00", "3FA", "..", "3fa0/1", "0\xff0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if CheckName(variant.Name(s)) != nil {
			return
		}
		if !filepath.IsLocal(s) || filepath.Base(s) != s || len(s) > 255 || strings.Trim(s, "0123456789abcdef-") != "" {
			t.Errorf("CheckName let %q pass", s)
		}
	})
}
