package disk

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/internal/failpoint"
	"github.com/thumbery/thumbery/variant"
)

// worker goes through one directory at a time.
type worker struct {
	*purger
	ctx    context.Context
	choose choice
	skip   func(name string) bool // nil, or says which names not to look at
	report func()
	tally  *tally

	names  []string
	buffer [32 << 10]byte
	stat   unix.Stat_t
}

// batch is how many names are read before their files are looked at. Most
// directories have fewer.
const batch = 16 << 10

// directory goes through one directory of a tier.
func (w *worker) directory(t eviction.Tier, prefix string, live *liveSources) {
	path := filepath.Join(w.dir, t.String(), prefix)
	fd, err := retry(func() (int, error) {
		return unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	})
	if err == unix.ENOENT {
		return
	}
	if err == nil {
		err = w.entries(fd, func(name string) { w.entry(t, fd, prefix, name, live) })
		_ = unix.Close(fd)
	}
	if err != nil {
		live.setIncomplete()
		w.tally.fail(fmt.Errorf("read %s: %w", path, err))
	}
}

// entries calls do for each name of a directory that is open.
func (w *worker) entries(fd int, do func(name string)) error {
	for {
		w.names = w.names[:0]
		n := 1
		for len(w.names) < batch {
			var err error
			n, err = retry(func() (int, error) { return unix.ReadDirent(fd, w.buffer[:]) })
			if err != nil {
				return err
			}
			if n <= 0 {
				break
			}
			_, _, w.names = unix.ParseDirent(w.buffer[:n], -1, w.names)
		}
		failpoint.Reach("directory read")
		for _, name := range w.names {
			if w.ctx.Err() != nil {
				return nil
			}
			if w.skip == nil || !w.skip(name) {
				do(name)
			}
		}
		if n <= 0 {
			return nil
		}
	}
}

// entry looks at one entry of a directory and removes it if it was chosen.
func (w *worker) entry(t eviction.Tier, dir int, prefix, name string, live *liveSources) {
	err := w.lstat(dir, name)
	switch {
	case err == unix.ENOENT:
		return
	case err != nil:
		live.add(name)
		w.tally.fail(fmt.Errorf("look at %s/%s/%s: %w", t, prefix, name, err))
		return
	case w.stat.Mode&unix.S_IFMT != unix.S_IFREG || !isOurs(name, prefix):
		w.tally.foreign++
		return
	}
	f := w.file(name)
	if w.choose(t, &f) {
		err := w.remove(dir, name)
		if err == nil {
			w.tally.gone[t] = w.tally.gone[t].Plus(f.count)
			return
		}
		f.giveBack()
		if err == unix.ENOENT {
			return
		}
		w.tally.fail(fmt.Errorf("remove %s/%s/%s: %w", t, prefix, name, err))
	}
	live.add(name)
	w.tally.keep(t, &f)
}

func (w *worker) lstat(dir int, name string) error {
	_, err := retry(func() (struct{}, error) {
		return struct{}{}, unix.Fstatat(dir, name, &w.stat, unix.AT_SYMLINK_NOFOLLOW)
	})
	return err
}

func (w *worker) remove(dir int, name string) error {
	if w.DryRun {
		return nil
	}
	err := w.unlink(dir, name)
	failpoint.Reach("file removed")
	return err
}

func isOurs(name, prefix string) bool {
	return len(name) >= prefixDigits && name[:prefixDigits] == prefix && cache.CheckName(variant.Name(name)) == nil
}

// blockUnit is what st_blocks counts, whatever the file system's blocks are.
const blockUnit = 512

func (w *worker) file(name string) file {
	used := time.Unix(w.stat.Atim.Unix())
	return file{
		name: name, used: used, age: w.start.Sub(used),
		count: eviction.Count{Files: 1, Bytes: w.stat.Size, Disk: w.stat.Blocks * blockUnit},
	}
}
