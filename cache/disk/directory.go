package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/eviction"
)

// Directory is an open cache directory: all tiers, which keep the same space free and tell
// the same inventory. It holds no descriptors and needs no closing.
type Directory struct {
	Originals, Mezzanines, Derivatives cache.Store

	Journal   *Journal // nil where keys cannot be written down
	Inventory *Inventory
	Free      *FreeSpace

	path string
	log  *slog.Logger
}

// DirectoryOptions are how a cache directory is used.
type DirectoryOptions struct {
	NoSync bool // as in Options
	// MinFree is the share of the disk's space and of its inodes, from 0 to 1, below which
	// nothing is kept; 0 is that of eviction.Space.NearlyFull.
	MinFree float64
	Log     *slog.Logger
}

// OpenDirectory opens the cache directory dir, and creates what is missing. One that cannot
// be written is opened all the same if it has what its hits need; the log says what is not
// kept.
func OpenDirectory(dir string, o DirectoryOptions) (*Directory, error) {
	d := &Directory{path: dir, log: o.Log, Inventory: NewInventory(dir), Free: NewFreeSpace(dir, o.short, o.logSpace)}
	opts := Options{NoSync: o.NoSync, Free: d.Free, Inventory: d.Inventory}
	var err error
	for t, store := range []*cache.Store{eviction.Originals: &d.Originals, eviction.Mezzanines: &d.Mezzanines, eviction.Derivatives: &d.Derivatives} {
		if *store, err = d.openTier(eviction.Tier(t).String(), opts); err != nil {
			return nil, err
		}
	}
	if d.Journal, err = OpenJournal(dir, opts); err != nil {
		o.Log.Warn("the journal of keys cannot be written: pictures will not be found by their prefix", "cause", err)
	}
	return d, nil
}

// openTier opens one tier. A cache directory that an older version made has no
// mezzanines/; where that cannot be made any more, all else is served as before.
func (d *Directory) openTier(tier string, opts Options) (cache.Store, error) {
	s, err := Open(d.path, tier, opts)
	if err == nil {
		return s, nil
	}
	if tier != Mezzanines || !unwritable(err) {
		return nil, err
	}
	d.log.Warn("no mezzanines are kept: every new size is made from the original", "cause", err)
	return cache.Discard{}, nil
}

// unwritable reports that something was not written because the file system is full,
// read-only or another user's.
func unwritable(err error) bool {
	return errors.Is(err, fs.ErrPermission) ||
		slices.ContainsFunc([]error{unix.EROFS, unix.ENOSPC, unix.EDQUOT}, func(no error) bool { return errors.Is(err, no) })
}

// short reports that a disk has too little free for anything to be kept.
func (o DirectoryOptions) short(s eviction.Space) bool {
	if o.MinFree == 0 {
		return s.NearlyFull()
	}
	return s.Short(o.MinFree)
}

func (o DirectoryOptions) logSpace(low bool, s eviction.Space) {
	free := []any{"bytes_free", s.FreeBytes, "bytes", s.TotalBytes, "inodes_free", s.FreeFiles, "inodes", s.TotalFiles}
	if low {
		o.Log.Error("the disk has less than --min-free left: caching is suspended until space is freed; purge the cache", free...)
		return
	}
	o.Log.Info("disk space is above --min-free again: caching resumes", free...)
}

// CheckWritable checks that anything can be cached. Parts of the cache directory that were
// removed it makes again, and reports once: their files are lost.
func (d *Directory) CheckWritable() error {
	missing, err := restore(d.path)
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("recreated missing parts of the cache directory: %s", strings.Join(missing, ", "))
		d.log.Warn("recreated missing parts of the cache directory", "cache", d.path, "missing", missing)
	}
	return errors.Join(err, d.Originals.Check())
}
