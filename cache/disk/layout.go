package disk

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/internal/files"
)

// prefixDigits is how many digits of a name the name of its directory has.
const prefixDigits = 3

// initLayout creates tmp/ and a tier, if they are missing. The directories of the tier are
// created with the first file in each.
func initLayout(dir, tier string) error {
	if tierOf(tier) < 0 {
		return fmt.Errorf("cache directory %s: there is no tier %q, only %v", dir, tier, eviction.AllTiers())
	}
	tmp, tierDir := filepath.Join(dir, Temporary), filepath.Join(dir, tier)
	err := files.MakeDirectory(tmp)
	if err == nil {
		err = files.MakeDirectory(tierDir)
	}
	if err != nil {
		return fmt.Errorf("cache directory %s: %w: let uid %d create and write directories there, or use another directory", dir, err, os.Geteuid())
	}
	return sameFileSystem(dir, tmp, tierDir)
}

// tierOf returns the tier with that name, and a negative number if there is none.
func tierOf(name string) eviction.Tier {
	return eviction.Tier(slices.IndexFunc(eviction.AllTiers(), func(t eviction.Tier) bool { return t.String() == name }))
}

// restore creates the directories of a cache directory that are missing, and returns which
// were. Each is also created when something is written there; but that may be much later,
// and nobody would notice that its files are gone.
func restore(dir string) (missing []string, err error) {
	for _, part := range []string{Originals, Mezzanines, Derivatives, Temporary, journalDir} {
		path := filepath.Join(dir, part)
		if files.IsDirectory(path) {
			continue
		}
		missing = append(missing, part)
		if err := files.MakeDirectory(path); err != nil {
			return missing, fmt.Errorf("cache directory %s: %w", dir, err)
		}
	}
	return missing, nil
}

// sameFileSystem makes sure that a body can be renamed from tmp/ to its name.
func sameFileSystem(dir, tmp, tierDir string) error {
	var a, b unix.Stat_t
	if err := errors.Join(unix.Stat(tmp, &a), unix.Stat(tierDir, &b)); err != nil {
		return fmt.Errorf("cache directory %s: %w", dir, err)
	}
	if a.Dev != b.Dev {
		return fmt.Errorf("cache directory %s: %s and %s are on two file systems: mount one for the whole cache directory", dir, tmp, tierDir)
	}
	return nil
}

func tempPath(tmp string) string { return filepath.Join(tmp, rand.Text()+TemporarySuffix) }

// Readable checks that the hits of a cache directory can be served, which a full or read-only
// disk still has.
func Readable(dir string) error {
	for _, tier := range []string{Originals, Derivatives} {
		d, err := os.Open(filepath.Join(dir, tier))
		if err == nil {
			_, err = d.Readdirnames(1)
			_ = d.Close()
		}
		if err != nil && err != io.EOF && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the cache cannot be read: %w", err)
		}
	}
	return nil
}
