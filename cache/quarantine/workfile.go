package quarantine

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/cache/internal/files"
)

const (
	// workSuffix ends the names of work files.
	workSuffix = ".working"
	// slotBytes is the room for an entry in a work file. No entry is longer.
	slotBytes = 96
	// maxSlots bounds how much of a work file is read.
	maxSlots = 1 << 12
)

// workFile has the entries that this process is working on, in slots of slotBytes. The
// process has it locked while it lives. What was written is in the page cache, which
// survives the process.
//
// The file is not mapped into memory: if somebody truncated it, that would kill the
// process. It is open for writing only for moments, so that the file system can be
// remounted read-only.
type workFile struct {
	dir string

	mu     sync.Mutex
	path   string
	locked *os.File // holds the lock; nil if there is no file
	slots  []string // "" is free
	closed bool
}

// open creates and locks a file.
func (w *workFile) open() error {
	path := filepath.Join(w.dir, rand.Text()+workSuffix)
	f, err := files.Create(path, os.O_WRONLY)
	if err != nil {
		return err
	}
	// A whole page, so that later writes need no space on the disk.
	_, err = f.Write(make([]byte, os.Getpagesize()))
	if err = errors.Join(err, f.Close()); err == nil {
		w.locked, err = openLocked(path)
	}
	if err != nil {
		return errors.Join(err, files.Unlink(path))
	}
	w.path = path
	return nil
}

// openLocked opens and locks a file. The error is EWOULDBLOCK if another process has the
// lock.
func openLocked(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := files.TryLock(f, unix.LOCK_EX); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// begin writes an entry, which stays until end is called.
func (w *workFile) begin(entry string) (end func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.slots, "")
	if i < 0 {
		i = len(w.slots)
		w.slots = append(w.slots, "")
	}
	w.set(i, entry)
	return sync.OnceFunc(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.set(i, "")
	})
}

// set writes one slot. If the file is gone, as when somebody has emptied the cache
// directory, it writes all slots to a new one.
func (w *workFile) set(i int, entry string) {
	w.slots[i] = entry
	if w.closed {
		return
	}
	if w.locked != nil && !errors.Is(w.write(i), fs.ErrNotExist) {
		return
	}
	w.release()
	if w.open() != nil {
		return
	}
	for i := range w.slots {
		_ = w.write(i)
	}
}

// write writes one slot. It does not use os.OpenFile, which would make it eight system
// calls instead of three.
func (w *workFile) write(i int) error {
	fd, err := files.Retry(func() (int, error) {
		return unix.Open(w.path, unix.O_WRONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	})
	if err != nil {
		return err
	}
	var slot [slotBytes]byte
	copy(slot[:], w.slots[i])
	_, err = files.Retry(func() (int, error) { return unix.Pwrite(fd, slot[:], int64(i)*slotBytes) })
	return errors.Join(err, unix.Close(fd))
}

// release unlocks the file.
func (w *workFile) release() {
	if w.locked != nil {
		_ = w.locked.Close() // it was only read
		w.locked = nil
	}
}

// close removes the file, so that no process finds anything in it.
func (w *workFile) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	if w.locked != nil {
		_ = files.Unlink(w.path)
		w.release()
	}
}
