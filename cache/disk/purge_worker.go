package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/internal/failpoint"
	"github.com/thumbery/thumbery/internal/files"
	"github.com/thumbery/thumbery/variant"
)

// worker is one goroutine of a pass. It goes through one directory at a time.
type worker struct {
	*pass
	stat unix.Stat_t
}

// batch is how many names are read before their files are examined. Most directories
// have fewer.
const batch = 16 << 10

func (w *worker) shard(i int) error {
	live := newLiveSources(w.dir, shardName(i), w.DryRun)
	for n := range dirsOfAShard {
		for t := range eviction.Tier(eviction.Tiers) {
			if w.ctx.Err() != nil {
				return nil
			}
			w.directory(t, fmt.Sprintf("%0*x", prefixDigits, i*dirsOfAShard+n), live)
			w.report()
		}
	}
	if w.ctx.Err() != nil {
		return nil
	}
	if err := live.compact(w.ctx, w.began); w.ctx.Err() == nil {
		return err
	}
	return nil
}

func (w *worker) directory(t eviction.Tier, prefix string, live *liveSources) {
	if w.exist[t] != nil && !w.exist[t][prefix] {
		return
	}
	path := filepath.Join(w.dir, t.String(), prefix)
	d, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		fd := int(d.Fd())
		err = w.eachName(d, func(name string) { w.entry(t, fd, prefix, name, live) })
		_ = d.Close()
	}
	if err != nil {
		live.setIncomplete()
		w.fail(fmt.Errorf("read %s: %w", path, err))
	}
}

// eachName calls do for the names in an open directory, except those to skip.
func (w *worker) eachName(d *os.File, do func(name string)) error {
	for {
		names, err := d.Readdirnames(batch)
		if len(names) > 0 {
			failpoint.Reach("directory read")
		}
		for _, name := range names {
			if w.ctx.Err() != nil {
				return nil
			}
			if w.skip == nil || !w.skip(name) {
				do(name)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (w *worker) entry(t eviction.Tier, dir int, prefix, name string, live *liveSources) {
	err := w.lstat(dir, name)
	switch {
	case err == unix.ENOENT:
		return
	case err != nil:
		live.add(name)
		w.fail(fmt.Errorf("stat %s/%s/%s: %w", t, prefix, name, err))
		return
	case w.stat.Mode&unix.S_IFMT != unix.S_IFREG || !isOurs(name, prefix):
		w.foreign()
		return
	}
	f := w.file()
	if !w.chosen(t, &f) {
		live.add(name)
		return
	}
	err = w.remove(dir, name)
	w.removed(t, &f, err)
	if err != nil && err != unix.ENOENT {
		live.add(name)
		w.fail(fmt.Errorf("remove %s/%s/%s: %w", t, prefix, name, err))
	}
}

func (w *worker) lstat(dir int, name string) error {
	return files.Retry(func() error { return unix.Fstatat(dir, name, &w.stat, unix.AT_SYMLINK_NOFOLLOW) })
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
	return strings.HasPrefix(name, prefix) && cache.CheckName(variant.Name(name)) == nil
}

// blockUnit is the unit of st_blocks, whatever the block size of the file system is.
const blockUnit = 512

func (w *worker) file() file {
	used := time.Unix(w.stat.Atim.Unix())
	count := eviction.Count{Files: 1, Bytes: w.stat.Size, Disk: w.stat.Blocks * blockUnit}
	return file{count: count, used: used, age: w.start.Sub(used)}
}
