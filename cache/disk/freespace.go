package disk

import (
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/internal/files"
)

// SpaceOf returns the space of the file system that dir is on.
func SpaceOf(dir string) (eviction.Space, error) {
	var st unix.Statfs_t
	if err := files.Retry(func() error { return unix.Statfs(dir, &st) }); err != nil {
		return eviction.Space{}, fmt.Errorf("free space of %s: %w", dir, err)
	}
	unit := int64(st.Bsize)
	used := int64(st.Blocks) - int64(st.Bfree)
	return eviction.Space{
		// As df: blocks that are reserved for root do not count.
		FreeBytes: int64(st.Bavail) * unit, TotalBytes: (used + int64(st.Bavail)) * unit,
		FreeFiles: int64(st.Ffree), TotalFiles: int64(st.Files),
	}, nil
}

// FreeSpace watches whether a file system has enough free space. Its methods may be called
// by several goroutines.
type FreeSpace struct {
	dir     string
	short   func(eviction.Space) bool
	changed func(low bool, space eviction.Space)
	now     func() time.Time
	space   func(dir string) (eviction.Space, error)

	mu   sync.Mutex
	next time.Time // when to look again
	low  bool
}

// freeSpaceInterval is how often FreeSpace looks. What is written in a second does not
// fill the space that it keeps free.
const freeSpaceInterval = time.Second

// NewFreeSpace returns a FreeSpace that is low while short says so about the file system
// of dir. changed, if not nil, is called each time it becomes low or ceases to be.
func NewFreeSpace(dir string, short func(eviction.Space) bool, changed func(low bool, space eviction.Space)) *FreeSpace {
	return &FreeSpace{dir: dir, short: short, changed: changed, now: time.Now, space: SpaceOf}
}

// Low reports whether there was too little free space when FreeSpace last looked, at most
// a second ago. A file system that cannot be examined is not low: writing to it returns the
// error. A nil FreeSpace is never low.
func (f *FreeSpace) Low() bool {
	if f == nil {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if now.Before(f.next) {
		return f.low
	}
	f.next = now.Add(freeSpaceInterval)
	space, err := f.space(f.dir)
	low := err == nil && f.short(space)
	if low != f.low && f.changed != nil {
		f.changed(low, space)
	}
	f.low = low
	return low
}
