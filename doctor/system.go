package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize"
	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/cache/eviction"
)

// enoughDescriptors is for two thousand connections, each with a file.
const enoughDescriptors = 4096

// checkDescriptors judges the limit after Go has raised it to the hard one.
func checkDescriptors() []Check {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return []Check{{Wrong, "open files", err.Error()}}
	}
	c := Check{OK, "open files", fmt.Sprintf("up to %d", limit.Cur)}
	if limit.Cur < enoughDescriptors {
		c.Status, c.Message = Slow, c.Message+": too few for many connections; set LimitNOFILE=65536 in the unit, or ulimit -n"
	}
	return []Check{c}
}

// checkCache writes one file into the directory, and removes it; it makes
// nothing else there.
func checkCache(dir string) []Check {
	const about = "cache"
	existing, err := existingParent(dir)
	if err != nil {
		return []Check{{Wrong, about, err.Error()}}
	}
	if err := tryWrite(existing); err != nil {
		return []Check{{Wrong, about, fmt.Sprintf("%s cannot be written by uid %d: %v", existing, os.Geteuid(), err)}}
	}
	state := Check{OK, about, dir + " can be written"}
	if existing != dir {
		state.Message = dir + " is not there yet, and can be made"
	}
	if err := oneFileSystem(dir); err != nil {
		state = Check{Wrong, about, err.Error()}
	}
	return []Check{state, checkSpace(existing)}
}

// existingParent is dir, or the closest directory above it that exists.
func existingParent(dir string) (string, error) {
	for at := filepath.Clean(dir); ; {
		info, err := os.Stat(at)
		if err == nil && !info.IsDir() {
			return "", fmt.Errorf("%s is no directory", at)
		}
		if err == nil {
			return at, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		above := filepath.Dir(at)
		if above == at {
			return "", err
		}
		at = above
	}
}

// tryWrite writes a block into dir: less may fit into the inode of a full disk.
func tryWrite(dir string) error {
	f, err := os.CreateTemp(dir, "doctor-*"+disk.TemporarySuffix)
	if err != nil {
		return errors.Unwrap(err) // the path is known
	}
	defer os.Remove(f.Name())
	_, err = f.Write(make([]byte, 4096))
	return errors.Join(err, f.Close())
}

// oneFileSystem checks that bodies can be renamed from tmp/ into their tiers.
func oneFileSystem(dir string) error {
	var first uint64
	for _, name := range []string{disk.Temporary, disk.Originals, disk.Mezzanines, disk.Derivatives} {
		var st unix.Stat_t
		path := filepath.Join(dir, name)
		if unix.Stat(path, &st) != nil {
			continue
		}
		if device := uint64(st.Dev); first == 0 {
			first = device
		} else if device != first {
			return fmt.Errorf("%s is on another file system than %s: mount one for the whole cache directory", path, filepath.Join(dir, disk.Temporary))
		}
	}
	return nil
}

// spaceScarce is the share of free space below which the check is Slow.
const spaceScarce = 0.10

func checkSpace(dir string) Check {
	s, err := disk.SpaceOf(dir)
	if err != nil {
		return Check{Wrong, "disk", err.Error()}
	}
	return judgeSpace(s)
}

func judgeSpace(s eviction.Space) Check {
	c := Check{OK, "disk", fmt.Sprintf("%s of %s free", humanize.IBytes(uint64(max(s.FreeBytes, 0))), humanize.IBytes(uint64(max(s.TotalBytes, 0))))}
	if s.TotalFiles > 0 {
		c.Message += fmt.Sprintf(", %s of %s inodes", humanize.Comma(s.FreeFiles), humanize.Comma(s.TotalFiles))
	}
	const advice = ": purge with --max-size or --min-free; see docs/cache.md"
	switch {
	case s.NearlyFull():
		c.Status, c.Message = Wrong, c.Message+", too little for serve to keep anything, unless it has a --min-free that is less"+advice
	case s.Short(spaceScarce):
		c.Status, c.Message = Slow, c.Message+advice
	}
	return c
}
