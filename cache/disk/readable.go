package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Readable checks that the hits of a cache directory can be served, which a full or read-only disk still has.
func Readable(dir string) error {
	for _, tier := range []string{Originals, Derivatives} {
		if err := readDirectory(filepath.Join(dir, tier)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the cache cannot be read: %w", err)
		}
	}
	return nil
}

func readDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	if _, err = d.Readdirnames(1); errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
