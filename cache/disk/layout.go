package disk

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/thumbery/thumbery/cache/eviction"
)

// prefixDigits is how many digits of a name its directory is named by, and
// prefixes how many directories that makes, at most.
const (
	prefixDigits = 3
	prefixes     = 1 << (4 * prefixDigits)
)

// layOut makes the tier and tmp/ if they are missing. The directories of the tier are
// made with the first file in each.
func layOut(dir, tier string) error {
	if !slices.ContainsFunc(eviction.AllTiers(), func(t eviction.Tier) bool { return t.String() == tier }) {
		return fmt.Errorf("cache directory %s: there is no tier %q, only %v", dir, tier, eviction.AllTiers())
	}
	tmp, tierDir := filepath.Join(dir, Temporary), filepath.Join(dir, tier)
	err := makeDirectory(tmp)
	if err == nil {
		err = makeDirectory(tierDir)
	}
	if err != nil {
		return fmt.Errorf("cache directory %s: %w: let uid %d make and write directories there, or use another directory", dir, err, os.Geteuid())
	}
	return sameFileSystem(dir, tmp, tierDir)
}

// Restore makes the directories that a cache directory consists of, as far as they are
// missing, and returns which were. Each is also made when something is written there; but
// that may take long, and meanwhile nobody would notice.
func Restore(dir string) (missing []string, err error) {
	for _, part := range []string{Originals, Mezzanines, Derivatives, Temporary, journalDir} {
		path := filepath.Join(dir, part)
		if isDirectory(path) {
			continue
		}
		missing = append(missing, part)
		if err := makeDirectory(path); err != nil {
			return missing, fmt.Errorf("cache directory %s: %w", dir, err)
		}
	}
	return missing, nil
}

// sameFileSystem makes sure that a body can be renamed from tmp/ to its name.
func sameFileSystem(dir, tmp, tierDir string) error {
	a, err := device(tmp)
	if err != nil {
		return fmt.Errorf("cache directory %s: %w", dir, err)
	}
	b, err := device(tierDir)
	if err != nil {
		return fmt.Errorf("cache directory %s: %w", dir, err)
	}
	if a != b {
		return fmt.Errorf("cache directory %s: %s and %s are on two file systems: mount one for the whole cache directory", dir, tmp, tierDir)
	}
	return nil
}

func device(path string) (uint64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, fmt.Errorf("the device of %s is not known", path)
	}
	return uint64(st.Dev), nil
}
