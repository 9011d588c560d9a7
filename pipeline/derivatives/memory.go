package derivatives

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/variant"
)

const (
	// statInterval is how long a derivative is served from memory without a look at its
	// file. What another process has purged or replaced is noticed within that time,
	// for one system call a second.
	statInterval = time.Second
	// unkeptFor is how long a derivative that could not be written to disk is served from
	// memory. No file tells whether it was forgotten, and the disk may work again.
	unkeptFor = time.Minute
	// maxWarmBytes is the size up to which a derivative found on disk is read into
	// memory at once. Larger ones are sent by the kernel, for less than copying costs.
	maxWarmBytes = 128 << 10
)

// entry is a derivative in memory.
type entry struct {
	Body
	made    time.Time
	statted atomic.Int64 // when its file was last looked at, unix nanoseconds
}

func newEntry(b Body, now time.Time) *entry {
	e := &entry{Body: b, made: now}
	e.statted.Store(now.UnixNano())
	return e
}

func (e *entry) derivative() Derivative {
	return Derivative{Blob: e.Blob(), Sum: e.Sum, MediaType: e.MediaType, InMemory: true, Stored: e.Stored}
}

// UsesMemory reports whether derivatives are kept in memory.
func (s *Store) UsesMemory() bool { return !s.memoryOff.Load() }

// SetMemory switches the memory tier on or off. While it is off, its entries are not
// served, but stay for when it is on again.
func (s *Store) SetMemory(on bool) { s.memoryOff.Store(!on) }

// MemoryStats returns how many derivatives are in memory, and their bytes.
func (s *Store) MemoryStats() (entries int, bytes int64) { return s.memory.Stats() }

func (s *Store) openMemory(name variant.Name) (d Derivative, ok bool) {
	e, ok := s.memory.Get(name)
	if !ok || !s.UsesMemory() {
		return d, false
	}
	now, last := s.Now().UnixNano(), e.statted.Load()
	due := now < last || now-last >= int64(statInterval)
	if due && e.statted.CompareAndSwap(last, now) && !s.stillThere(name, e) {
		s.memory.Forget(name)
		return d, false
	}
	return e.derivative(), true
}

// peekMemory is openMemory without noting the use. An entry whose file cannot be there any
// more does not count.
func (s *Store) peekMemory(name variant.Name) (d Derivative, ok bool) {
	e, ok := s.memory.Peek(name)
	if !ok || !s.UsesMemory() {
		return d, false
	}
	if e.Stored {
		b, err := s.Cache.Peek(name)
		if errors.Is(err, cache.ErrMiss) {
			return d, false
		}
		if err == nil {
			b.Close()
		}
	}
	return e.derivative(), true
}

// stillThere looks at the file of a derivative in memory, and so notes its use. A disk
// that cannot be read says nothing.
func (s *Store) stillThere(name variant.Name, e *entry) bool {
	if !e.Stored {
		return s.Now().Sub(e.made) < unkeptFor
	}
	st, err := s.Cache.Touch(name)
	if errors.Is(err, cache.ErrMiss) {
		return false
	}
	return err != nil || st.Size == int64(len(e.Data)) && st.ModTime.Equal(e.ModTime)
}

// takes reports whether there is room in memory for a derivative of that many bytes.
func (s *Store) takes(bytes int64) bool { return s.UsesMemory() && s.memory.Takes(bytes) }

// Warm loads a derivative of that many bytes from disk into memory, as far as there is
// room. It happens in the background, one at a time: while one is loaded, calls for others
// do nothing.
func (s *Store) Warm(name variant.Name, bytes int64) {
	if !s.takes(bytes) {
		return
	}
	s.warming.Go(context.Background(), string(name), func(context.Context) {
		epoch := s.Epochs.At(name)
		b, err := s.Cache.Open(name)
		if err != nil {
			return
		}
		defer b.Close()
		if d, ok := s.verify(name, b); ok && s.takes(b.Size) {
			_ = s.load(name, epoch, d)
		}
	})
}

// load puts a file that was opened in an epoch into memory, unless its picture was
// forgotten since.
func (s *Store) load(name variant.Name, epoch uint64, d Derivative) error {
	data, err := d.Blob.Bytes()
	if err != nil {
		return err
	}
	s.memory.Put(name, newEntry(bodyOf(d, data), s.Now()))
	if s.Epochs.At(name) != epoch {
		s.memory.Forget(name)
	}
	return nil
}
