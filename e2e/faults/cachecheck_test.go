package faults

import (
	"bytes"
	"image"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

var derivativeName = regexp.MustCompile(`^[0-9a-f]{32}-[0-9a-f]{24}$`)

// checkCache checks every file that a reader could find.
func checkCache(t *testing.T, cache string, originals map[string][]byte, seen map[string]bool) {
	t.Helper()
	for _, path := range e2e.Files(t, filepath.Join(cache, "originals")) {
		name := filepath.Base(path)
		if want, known := originals[name]; !known || !bytes.Equal(want, e2e.Read(t, path)) {
			t.Errorf("the original %s is not whole, or has a wrong name", path)
		}
	}
	for _, path := range e2e.Files(t, filepath.Join(cache, "derivatives")) {
		name := filepath.Base(path)
		if seen[name] {
			continue
		}
		seen[name] = true
		source, _, _ := strings.Cut(name, "-")
		if !derivativeName.MatchString(name) || originals[source] == nil || filepath.Base(filepath.Dir(path)) != name[:3] {
			t.Errorf("%s has a wrong name", path)
		}
		if m, _, err := image.Decode(bytes.NewReader(e2e.Read(t, path))); err != nil || m.Bounds().Dx() != 40 {
			t.Errorf("%s is not whole: %v", path, err)
		}
	}
}
