// Package disk implements cache.Store on a file system that several processes share, nginx
// among them.
//
// The cache directory has a directory for each tier, and tmp/, which they share. A tier has
// up to 4096 directories, named by the first three digits of the names in them. Each is
// created with its first file and never removed. A file holds a body and nothing else. Its
// mtime is the origin's Last-Modified, and its atime the last use, to the hour.
//
// A file under its final name is whole: it is written to tmp/, synced and renamed. A crash
// leaves a *.tmp file in tmp/. A purge removes such files when they are old by their
// ctime: their mtime is the origin's. An empty file, which a power cut may leave with NoSync, is a
// miss. A file that is too short in another way cannot be recognized by the store: a
// caller that finds one calls Remove.
//
// Beside the tiers there are keys/ (Journal), census.json (Census) and purge.lock (Purge).
package disk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/peterbourgon/diskv/v3"
	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/internal/files"
	"github.com/thumbery/thumbery/variant"
)

// The directories below the cache directory.
const (
	Originals   = "originals"   // tier: files of origins
	Mezzanines  = "mezzanines"  // tier: intermediate pictures, to make smaller ones from
	Derivatives = "derivatives" // tier: what is sent
	Temporary   = "tmp"         // temp files, which are renamed into a tier
)

// TemporarySuffix ends the names of the files in Temporary.
const TemporarySuffix = ".tmp"

// Options are optional.
type Options struct {
	// NoSync leaves it to the kernel when bodies are written to the disk. A power cut may
	// then leave bodies that are empty or full of zeros; a crash of the service may not.
	NoSync bool
	// Now is the clock for the last use of files; time.Now if nil.
	Now func() time.Time
	// Free, if not nil, says when too little space is free to keep anything. Blobs are then
	// in memory, with cache.ErrNoRoom as their NotKept, and no keys are noted.
	Free *FreeSpace
	// Inventory, if not nil, records what Fill keeps and what RemoveSource removes. Remove is
	// not counted, as the size of the entry is not known.
	Inventory *Inventory
}

// maxInMemory is how many bodies are read into memory at once while too little space is
// free. Others wait.
const maxInMemory = 4

// Store is one tier of a cache directory. It holds no descriptors and needs no
// closing.
type Store struct {
	opts     Options
	kind     eviction.Tier
	tier     string // absolute: dir/originals
	root     int    // length of "dir/": Blob.Path is what follows in a path
	tmp      string // dir/tmp
	system   system
	discard  func(cache.File, *cache.Blob) // removeUnreadable; a value, so that no Open allocates one
	buffers  sync.Pool                     // of *[bufferBytes]byte
	inMemory chan struct{}                 // has a token for each body that is read into memory
}

var _ cache.Store = (*Store)(nil)

// bufferBytes is how much is read and written at once. A larger buffer gains nothing
// measurable, and each running Fill has one.
const bufferBytes = 128 << 10

// system is what fails if a disk is full, broken, read-only or gone. Tests replace it.
type system struct {
	open   func(path string, st *unix.Stat_t) (fd int, err error)
	stat   func(path string) (unix.Stat_t, error)
	read   func(f *os.File) cache.File // what reads f
	create func(path string) (*os.File, error)
	write  func(f *os.File, p []byte) (int, error)
	stamp  func(path string, atime, mtime time.Time) error
	sync   func(f *os.File) error
	place  func(tmp string, name variant.Name) error
}

// Open returns the store of one tier, Originals, Mezzanines or Derivatives, of the cache
// directory dir. It creates the directories that are missing, and needs no permission to
// write if none is: such a store can be read.
func Open(dir, tier string, opts Options) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("cache directory %s: %w", dir, err)
	}
	if err := initLayout(dir, tier); err != nil {
		return nil, err
	}
	return newStore(dir, tier, opts), nil
}

// newStore is Open without creating directories: Fill creates them, too, since somebody may
// have emptied the cache directory.
func newStore(dir, tier string, opts Options) *Store {
	s := &Store{
		opts:     opts,
		kind:     tierOf(tier),
		tier:     filepath.Join(dir, tier),
		tmp:      filepath.Join(dir, Temporary),
		buffers:  sync.Pool{New: func() any { return new([bufferBytes]byte) }},
		inMemory: make(chan struct{}, maxInMemory),
	}
	s.root = len(s.tier) - len(tier)
	if s.opts.Now == nil {
		s.opts.Now = time.Now
	}
	s.system = s.realSystem()
	s.discard = s.removeUnreadable
	return s
}

func (s *Store) realSystem() system {
	kv := diskv.New(diskv.Options{
		BasePath:  s.tier,
		Transform: func(name string) []string { return []string{name[:prefixDigits]} },
		TempDir:   s.tmp,
		PathPerm:  files.DirMode,
		FilePerm:  files.FileMode,
	})
	sys := system{
		open: openRegular,
		stat: func(path string) (st unix.Stat_t, err error) {
			err = unix.Lstat(path, &st)
			return st, err
		},
		read:   func(f *os.File) cache.File { return f },
		create: func(path string) (*os.File, error) { return files.Create(path, os.O_RDWR) },
		write:  (*os.File).Write,
		stamp:  setTimes,
		sync:   files.Sync,
		place: func(tmp string, name variant.Name) error {
			// diskv would leave the mode of the directory to the umask.
			if err := files.MakeDirectory(filepath.Join(s.tier, string(name[:prefixDigits]))); err != nil {
				return err
			}
			return kv.Import(tmp, string(name), true)
		},
	}
	if s.opts.NoSync {
		sys.sync = func(*os.File) error { return nil }
	}
	return sys
}

func (s *Store) path(name variant.Name) (string, error) {
	if err := cache.CheckName(name); err != nil {
		return "", err
	}
	return s.tier + "/" + string(name[:prefixDigits]) + "/" + string(name), nil
}

// Remove implements cache.Store.
func (s *Store) Remove(name variant.Name) error {
	path, err := s.path(name)
	if err != nil {
		return err
	}
	// Not os.Remove, which would also remove a directory.
	if err := unix.Unlink(path); err != nil && err != unix.ENOENT {
		return fmt.Errorf("remove %s from the cache: %w", path, err)
	}
	return nil
}

// RemoveSource implements cache.Store. It removes the files whose name is the source, or
// begins with it and a dash. It reads one directory. A file that is being written may
// appear afterwards.
func (s *Store) RemoveSource(source variant.Name) (files int, bytes int64, err error) {
	path, err := s.path(source)
	if err != nil {
		return 0, 0, err
	}
	if strings.Contains(string(source), "-") {
		return 0, 0, fmt.Errorf("%w: %s is the name of a derivative, not of a source", cache.ErrName, source)
	}
	isOf := func(name string) bool {
		own, _, _ := strings.Cut(name, "-")
		return own == string(source)
	}
	removed, failed := removeNames(context.Background(), filepath.Dir(path), isOf, unlink)
	if s.opts.Inventory != nil {
		s.opts.Inventory.Removed(s.kind, removed)
	}
	return int(removed.Files), removed.Bytes, errors.Join(failed...)
}

// Check implements cache.Store: it writes a file to tmp/ and removes it. It does not sync.
func (s *Store) Check() error {
	p := s.newSpool()
	defer p.cleanup()
	if p.failure == nil {
		// A whole block: less may fit into the inode, even if the disk is full.
		_, _ = p.Write(make([]byte, 4096))
	}
	if p.failure != nil {
		return fmt.Errorf("the cache cannot be written: %w", p.failure)
	}
	return nil
}
