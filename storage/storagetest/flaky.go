package storagetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/thumbery/thumbery/storage"
)

// Errors for Flaky.
var (
	// ErrPanic makes a call panic.
	ErrPanic = errors.New("a panic in the client")
	// ErrDown says that a backend cannot be reached.
	ErrDown = fmt.Errorf("%w: boom", storage.ErrUnavailable)
	// ErrLostAnswer makes Put store the object, and fail all the same.
	ErrLostAnswer = fmt.Errorf("%w: no answer", storage.ErrUnavailable)
)

// Flaky is a Store whose calls fail as often as they are told to.
type Flaky struct {
	Store
	Unordered bool // list backwards

	mu              sync.Mutex
	open, put, list []failure
}

// NewFlaky is NewStore for a Flaky.
func NewFlaky(objects map[string][]byte) *Flaky { return &Flaky{Store: NewStore(objects)} }

type failure struct {
	key   string
	times int
	err   error
}

// FailOpen makes Open fail so many times for a key; "*" is any. It replaces what was
// told before of the same key.
func (f *Flaky) FailOpen(key string, times int, err error) { f.add(&f.open, failure{key, times, err}) }

// FailPut is FailOpen for Put.
func (f *Flaky) FailPut(key string, times int, err error) { f.add(&f.put, failure{key, times, err}) }

// FailList makes listings break off before a key so many times.
func (f *Flaky) FailList(key string, times int, err error) { f.add(&f.list, failure{key, times, err}) }

func (f *Flaky) add(failures *[]failure, one failure) {
	f.mu.Lock()
	defer f.mu.Unlock()
	same := func(f failure) bool { return f.key == one.key }
	*failures = append(slices.DeleteFunc(*failures, same), one)
}

// take uses up one of the failures of a key.
func (f *Flaky) take(failures *[]failure, key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range *failures {
		if one := &(*failures)[i]; (one.key == key || one.key == "*") && one.times > 0 {
			one.times--
			if errors.Is(one.err, ErrPanic) {
				panic(one.err)
			}
			return one.err
		}
	}
	return nil
}

// Open implements storage.Origin.
func (f *Flaky) Open(ctx context.Context, key string, have storage.Version) (*storage.Object, error) {
	if err := f.take(&f.open, key); err != nil {
		return nil, err
	}
	return f.Store.Open(ctx, key, have)
}

// Put implements storage.Writer.
func (f *Flaky) Put(ctx context.Context, key string, body io.Reader, size int64, modTime time.Time) error {
	err := f.take(&f.put, key)
	if err != nil && !errors.Is(err, ErrLostAnswer) {
		return err
	}
	return errors.Join(f.Store.Put(ctx, key, body, size, modTime), err)
}

// List implements storage.Lister.
func (f *Flaky) List(ctx context.Context, prefix string, skipped func(string)) iter.Seq2[storage.Entry, error] {
	list := f.Store.List(ctx, prefix, skipped)
	if f.Unordered {
		list = backwards(list)
	}
	return func(yield func(storage.Entry, error) bool) {
		for entry, err := range list {
			if failure := f.take(&f.list, entry.Key); failure != nil {
				yield(storage.Entry{}, failure)
				return
			}
			if !yield(entry, err) {
				return
			}
		}
	}
}

func backwards(list iter.Seq2[storage.Entry, error]) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		var entries []storage.Entry
		for entry := range list {
			entries = append(entries, entry)
		}
		for _, entry := range slices.Backward(entries) {
			if !yield(entry, nil) {
				return
			}
		}
	}
}
