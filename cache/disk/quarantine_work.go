package disk

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// workingSuffix ends the names of the files in which processes write down what they
// are working on.
const workingSuffix = ".working"

const (
	// slotBytes is the room for one entry in a file of work; longer ones do not occur.
	slotBytes = 96
	// maxSlots is how many are read of a file that others may have written.
	maxSlots = 1 << 12
)

// workFile is what this process is working on. It is locked as long as the process
// lives, and what was written to it outlives that: it is in the kernel's memory, which
// knows nothing of the deaths of processes. It is not mapped, as one that somebody cuts
// short would end the process; and it is open for reading only but for moments, so that
// the disk can be made read-only under us.
type workFile struct {
	dir string

	mu     sync.Mutex
	path   string
	held   *os.File // has the lock; nil where there is no file
	slots  []string // what is being worked on; "" is free
	closed bool
}

// open makes a file of its own and locks it.
func (w *workFile) open() error {
	path := filepath.Join(w.dir, rand.Text()+workingSuffix)
	f, err := create(path, os.O_WRONLY)
	if err != nil {
		return err
	}
	// A page of its own, so that what is written later needs no room on the disk.
	_, err = f.Write(make([]byte, os.Getpagesize()))
	if err = errors.Join(err, f.Close()); err == nil {
		w.held, err = openLocked(path)
	}
	if err != nil {
		return errors.Join(err, unlink(path))
	}
	w.path = path
	return nil
}

// openLocked opens a file and takes it, until it is closed or the process dies. The
// error is EWOULDBLOCK if another process has it.
func openLocked(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := tryFlock(f, unix.LOCK_EX); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// begin writes an entry down until end is called.
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

// set writes one slot, or all to a new file if that has gone, as when somebody has
// emptied the cache directory. What cannot be written is not remembered.
func (w *workFile) set(i int, entry string) {
	w.slots[i] = entry
	if w.closed {
		return
	}
	if w.held != nil && !errors.Is(w.write(i), fs.ErrNotExist) {
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

// write goes past os.OpenFile, which takes eight system calls instead of three.
func (w *workFile) write(i int) error {
	fd, err := retry(func() (int, error) {
		return unix.Open(w.path, unix.O_WRONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	})
	if err != nil {
		return err
	}
	var slot [slotBytes]byte
	copy(slot[:], w.slots[i])
	_, err = retry(func() (int, error) { return unix.Pwrite(fd, slot[:], int64(i)*slotBytes) })
	return errors.Join(err, unix.Close(fd))
}

// release gives the lock back.
func (w *workFile) release() {
	if w.held != nil {
		_ = w.held.Close() // nothing was written to it
		w.held = nil
	}
}

// close removes the file, so that the next process finds nothing in it.
func (w *workFile) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	if w.held != nil {
		_ = unlink(w.path)
		w.release()
	}
}

// leftWorking reads what a process was working on when it died, each entry once, and
// locks its file until unlock is called. unlock is nil if the process lives, or its
// file has gone.
func leftWorking(path string) (entries []string, unlock func(), err error) {
	f, err := openLocked(path)
	switch {
	case err == unix.EWOULDBLOCK, errors.Is(err, fs.ErrNotExist):
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSlots*slotBytes))
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("read %s: %w", path, err)
	}
	for slot := range slices.Chunk(data, slotBytes) {
		if name := string(bytes.TrimRight(slot, "\x00")); isEntry(name) {
			entries = append(entries, name)
		}
	}
	slices.Sort(entries)
	return slices.Compact(entries), func() { f.Close() }, nil
}
