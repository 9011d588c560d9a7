package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/pipeline/originals"
)

// cacheDir is an open cache directory.
type cacheDir struct {
	originals, mezzanines, derivatives cache.Store
	journal                            originals.Journal // nil where keys cannot be written down
	inventory                          *disk.Inventory
	reserve                            *disk.FreeSpace
	purgeLoop                          *disk.PurgeLoop // nil if nobody purges in this process
}

// open opens the cache directory. Its stores keep --min-free, and tell the inventory.
func (f *cacheFlags) open(log *slog.Logger) (*cacheDir, error) {
	options := disk.Options{NoSync: f.NoSync, Free: f.reserve(log), Inventory: disk.NewInventory(f.Cache)}
	var stores [eviction.Tiers]cache.Store
	for t := range eviction.Tier(eviction.Tiers) {
		var err error
		if stores[t], err = f.openTier(t, options, log); err != nil {
			return nil, usage(fmt.Errorf("--cache: %w", err))
		}
	}
	d := &cacheDir{
		originals: stores[eviction.Originals], mezzanines: stores[eviction.Mezzanines], derivatives: stores[eviction.Derivatives],
		inventory: options.Inventory, reserve: options.Free,
	}
	if journal, err := disk.OpenJournal(f.Cache, options); err == nil {
		d.journal = journal
	} else { // a cache that can only be read is served all the same
		log.Warn("the journal of keys cannot be written: pictures will not be found by their prefix", "cause", err)
	}
	if f.PurgeEvery > 0 {
		d.purgeLoop = &disk.PurgeLoop{Dir: f.Cache, Every: f.PurgeEvery, Policy: f.policy(), Log: log}
	}
	return d, nil
}

// openTier opens one tier. A cache directory that an older version made has no
// mezzanines/; where that cannot be made any more, all else is served as before.
func (f *cacheFlags) openTier(t eviction.Tier, options disk.Options, log *slog.Logger) (cache.Store, error) {
	s, err := disk.Open(f.Cache, t.String(), options)
	if err == nil {
		return s, nil
	}
	if t != eviction.Mezzanines || !unwritable(err) {
		return nil, err
	}
	log.Warn("no mezzanines are kept: every new size is made from the original", "cause", err)
	return cache.Discard{}, nil
}

// unwritable reports that something was not written because the file system is full,
// read-only or another user's.
func unwritable(err error) bool {
	return errors.Is(err, fs.ErrPermission) ||
		slices.ContainsFunc([]error{unix.EROFS, unix.ENOSPC, unix.EDQUOT}, func(no error) bool { return errors.Is(err, no) })
}

// reserve watches --min-free, and logs when it is reached.
func (f *cacheFlags) reserve(log *slog.Logger) *disk.FreeSpace {
	return disk.NewFreeSpace(f.Cache, f.short, func(low bool, s eviction.Space) {
		free := []any{"bytes_free", s.FreeBytes, "bytes", s.TotalBytes, "inodes_free", s.FreeFiles, "inodes", s.TotalFiles}
		if low {
			log.Error("the disk has less than --min-free left: caching is suspended until space is freed; purge the cache", free...)
			return
		}
		log.Info("disk space is above --min-free again: caching resumes", free...)
	})
}

// short reports that a disk has too little free for anything to be kept.
func (f *cacheFlags) short(s eviction.Space) bool {
	if f.MinFree == 0 {
		return s.NearlyFull()
	}
	return s.Short(float64(f.MinFree))
}

// writable checks that anything can be cached. Parts of the cache directory that were
// removed it makes again, and reports once: their files are lost.
func (d *cacheDir) writable(dir string, log *slog.Logger) error {
	missing, err := disk.Restore(dir)
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("recreated missing parts of the cache directory: %s", strings.Join(missing, ", "))
		log.Warn("recreated missing parts of the cache directory", "cache", dir, "missing", missing)
	}
	return errors.Join(err, d.originals.Check())
}
