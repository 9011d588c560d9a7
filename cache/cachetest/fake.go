package cachetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/variant"
)

// Fake is a cache.Store in memory that counts calls and fails when told to. Its Blobs have no
// Path.
type Fake struct {
	mu      sync.Mutex
	entries map[variant.Name]entry
	counts  Counts
	fail    struct{ open, fill, remove, check error }
	damage  *damage // of all entries, or nil
}

// entry is never changed, only replaced, so that open Blobs stay whole.
type entry struct {
	body    []byte
	modTime time.Time
	damage  *damage // of this one, or nil
}

// Counts is how often each method was called, whatever it returned. Hits are the calls of Open
// that returned a Blob.
type Counts struct{ Opens, Hits, Touches, Fills, Removes, Checks int }

var _ cache.Store = (*Fake)(nil)

// NewFake returns an empty Fake that does not fail.
func NewFake() *Fake { return &Fake{entries: make(map[variant.Name]entry)} }

// FailOpen makes Open return err, until FailOpen(nil).
func (f *Fake) FailOpen(err error) { f.set(func() { f.fail.open = err }) }

// FailFill makes Fill store nothing and return Blobs whose NotKept is err, as with a full disk,
// until FailFill(nil).
func (f *Fake) FailFill(err error) { f.set(func() { f.fail.fill = err }) }

// FailRemove makes Remove return err and keep the entry, until FailRemove(nil).
func (f *Fake) FailRemove(err error) { f.set(func() { f.fail.remove = err }) }

// FailCheck makes Check return err, until FailCheck(nil).
func (f *Fake) FailCheck(err error) { f.set(func() { f.fail.check = err }) }

func (f *Fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// Counts returns how often each method was called so far.
func (f *Fake) Counts() Counts {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts
}

// Len returns the number of entries.
func (f *Fake) Len() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.entries)
}

// Open implements cache.Store.
func (f *Fake) Open(name variant.Name) (*cache.Blob, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts.Opens++
	if err := errors.Join(cache.CheckName(name), f.fail.open); err != nil {
		return nil, err
	}
	e, ok := f.entries[name]
	if !ok {
		return nil, cache.ErrMiss
	}
	f.counts.Hits++
	return f.blob(name, e), nil
}

// Peek implements cache.Store. It counts as Open.
func (f *Fake) Peek(name variant.Name) (*cache.Blob, error) { return f.Open(name) }

// Touch implements cache.Store.
func (f *Fake) Touch(name variant.Name) (cache.Stat, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts.Touches++
	if err := errors.Join(cache.CheckName(name), f.fail.open); err != nil {
		return cache.Stat{}, err
	}
	e, ok := f.entries[name]
	if !ok {
		return cache.Stat{}, cache.ErrMiss
	}
	return cache.Stat{Size: int64(len(e.body)), ModTime: e.modTime}, nil
}

// RemoveSource implements cache.Store.
func (f *Fake) RemoveSource(source variant.Name) (files int, bytes int64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts.Removes++
	if err := errors.Join(cache.CheckName(source), f.fail.remove); err != nil {
		return 0, 0, err
	}
	for name, e := range f.entries {
		if own, _, _ := strings.Cut(string(name), "-"); own == string(source) {
			delete(f.entries, name)
			files++
			bytes += int64(len(e.body))
		}
	}
	return files, bytes, nil
}

// Fill implements cache.Store.
func (f *Fake) Fill(ctx context.Context, name variant.Name, r io.Reader, modTime time.Time) (*cache.Blob, error) {
	f.set(func() { f.counts.Fills++ })
	if err := cache.CheckName(name); err != nil {
		return nil, err
	}
	e, err := readEntry(ctx, r, modTime)
	if err != nil {
		return nil, err
	}
	notKept := f.put(name, e)
	if notKept != nil || len(e.body) == 0 {
		b := cache.InMemory(e.body, e.modTime)
		b.NotKept = notKept
		return b, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.blob(name, e), nil
}

// readEntry checks ctx before each read, so that it can end an endless body.
func readEntry(ctx context.Context, r io.Reader, modTime time.Time) (entry, error) {
	var body bytes.Buffer
	for {
		if err := ctx.Err(); err != nil {
			return entry{}, err
		}
		if _, err := io.CopyN(&body, r, 32<<10); err == io.EOF {
			break
		} else if err != nil {
			return entry{}, err
		}
	}
	if !modTime.IsZero() {
		modTime = time.Unix(modTime.Unix(), 0).UTC()
	}
	return entry{body: body.Bytes(), modTime: modTime}, ctx.Err()
}

// put stores e, or removes the entry if e is empty, or returns why it does neither.
func (f *Fake) put(name variant.Name, e entry) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case len(e.body) == 0:
		delete(f.entries, name)
	case f.fail.fill != nil:
		return f.fail.fill
	default:
		f.entries[name] = e
	}
	return nil
}

// Remove implements cache.Store.
func (f *Fake) Remove(name variant.Name) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts.Removes++
	if err := errors.Join(cache.CheckName(name), f.fail.remove); err != nil {
		return err
	}
	delete(f.entries, name)
	return nil
}

// Check implements cache.Store.
func (f *Fake) Check() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts.Checks++
	return f.fail.check
}
