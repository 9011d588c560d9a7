// Package sources has the cache of go test notice changes of code that a test does not import,
// but whose programs it runs.
package sources

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Open opens every source file of the product, which is in root. The cache of go test knows
// the files that a test opened, but not those that a program opened which it started, such as
// go build and go list.
func Open(t testing.TB, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != root && (d.Name()[0] == '.' || d.Name() == "bench") {
				return fs.SkipDir
			}
			return nil
		}
		switch filepath.Ext(path) {
		case ".go", ".c", ".h", ".mod":
		default:
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return f.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
}
