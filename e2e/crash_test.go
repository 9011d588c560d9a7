package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// nameOf is the name of an original, as docs/architecture.md says.
func nameOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}

var derivativeName = regexp.MustCompile(`^[0-9a-f]{32}-[0-9a-f]{24}$`)

// checkCache checks every file that a reader could find.
func checkCache(t *testing.T, cache string, originals map[string][]byte, seen map[string]bool) {
	t.Helper()
	for _, path := range files(t, filepath.Join(cache, "originals")) {
		name := filepath.Base(path)
		if want, known := originals[name]; !known || !bytes.Equal(want, read(t, path)) {
			t.Errorf("the original %s is not whole, or has a wrong name", path)
		}
	}
	for _, path := range files(t, filepath.Join(cache, "derivatives")) {
		name := filepath.Base(path)
		if seen[name] {
			continue
		}
		seen[name] = true
		source, _, _ := strings.Cut(name, "-")
		if !derivativeName.MatchString(name) || originals[source] == nil || filepath.Base(filepath.Dir(path)) != name[:3] {
			t.Errorf("%s has a wrong name", path)
		}
		if m, _, err := image.Decode(bytes.NewReader(read(t, path))); err != nil || m.Bounds().Dx() != 40 {
			t.Errorf("%s is not whole: %v", path, err)
		}
	}
}
