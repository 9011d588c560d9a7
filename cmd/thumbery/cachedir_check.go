package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/thumbery/thumbery/cache/disk"
)

// readable looks whether hits can be served: a full or read-only disk has them all
// the same, and one that is empty, or not there, has none.
func (f *cacheFlags) readable() error {
	for _, tier := range []string{disk.Originals, disk.Derivatives} {
		if err := readDirectory(filepath.Join(f.Cache, tier)); err != nil && !errors.Is(err, fs.ErrNotExist) {
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

// writable looks whether anything can be kept. Where somebody has removed parts of the
// cache directory it makes them anew, and says so once: what was there has gone.
func (d *cacheDir) writable(dir string, log *slog.Logger) error {
	missing, err := disk.Restore(dir)
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("parts of the cache directory had been removed, and are made anew: %s", strings.Join(missing, ", "))
		log.Warn("parts of the cache directory had been removed, and are made anew", "cache", dir, "missing", missing)
	}
	return errors.Join(err, d.originals.Check())
}
