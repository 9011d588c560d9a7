package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// What the umask leaves of these; nginx, as another user, must be able to read.
const (
	dirMode  fs.FileMode = 0o755
	fileMode fs.FileMode = 0o644
)

// prefixDigits is how many digits of a name its directory is named by, and
// prefixes how many directories that makes.
const (
	prefixDigits = 3
	prefixes     = 1 << (4 * prefixDigits)
)

// layOut makes what is missing of a tier's directories and of tmp/.
func layOut(dir, tier string) error {
	if tier != Originals && tier != Derivatives {
		return fmt.Errorf("cache directory %s: there is no tier %q, only %s and %s", dir, tier, Originals, Derivatives)
	}
	tmp, tierDir := filepath.Join(dir, Temporary), filepath.Join(dir, tier)
	err := makeAll(tmp, tierDir)
	if err == nil {
		err = makePrefixes(tierDir)
	}
	if err != nil {
		return fmt.Errorf("cache directory %s: %w: let uid %d make and write directories there, or use another directory", dir, err, os.Geteuid())
	}
	return sameFileSystem(dir, tmp, tierDir)
}

func makeAll(dirs ...string) error {
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, dirMode); err != nil {
			return err
		}
	}
	return nil
}

// makePrefixes reads the tier first: where all is there, nothing need be
// writable.
func makePrefixes(tierDir string) error {
	entries, err := os.ReadDir(tierDir)
	if err != nil {
		return err
	}
	present := make(map[string]bool, len(entries))
	for _, e := range entries {
		present[e.Name()] = e.IsDir()
	}
	for i := range prefixes {
		name := fmt.Sprintf("%0*x", prefixDigits, i)
		if present[name] {
			continue
		}
		if err := makeOne(filepath.Join(tierDir, name)); err != nil {
			return err
		}
	}
	return nil
}

// makeOne makes one directory, which another process may be making as well.
func makeOne(path string) error {
	err := os.Mkdir(path, dirMode)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if info, statErr := os.Stat(path); statErr != nil || !info.IsDir() {
		return fmt.Errorf("%s is in the way: %w", path, err)
	}
	return nil
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
