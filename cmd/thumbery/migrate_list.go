package main

import (
	"context"
	"errors"
	"iter"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"

	"github.com/thumbery/thumbery/storage"
)

// errDisorder is that of a listing that broke off, and cannot be gone on with.
var errDisorder = errors.New("the place does not list in order, so that it is not known what is missing: run it again")

// steady lists a place, and goes on where it was when the listing breaks off: it
// lists again, and passes over what it had.
func (m *migration) steady(ctx context.Context, place storage.Lister, skipped func(key string)) iter.Seq2[storage.Entry, error] {
	return steady(ctx, m.retry, place, m.prefix, skipped)
}

// steady is that of a migration, for the keys with a prefix.
func steady(ctx context.Context, retry retrypolicy.RetryPolicy[any], place storage.Lister, prefix string, skipped func(key string)) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		if skipped == nil {
			skipped = func(string) {}
		}
		r := reader{place: place, prefix: prefix, skipped: skipped, yield: yield, ordered: true}
		err := failsafe.With(retry).WithContext(ctx).Run(func() error { return r.read(ctx) })
		if err != nil && !r.stopped {
			yield(storage.Entry{}, err)
		}
	}
}

// reader reads the listing of one place in as many tries as it takes.
type reader struct {
	place   storage.Lister
	prefix  string
	skipped func(key string)
	yield   func(storage.Entry, error) bool

	last    string // the greatest key, also of those that were skipped
	ordered bool   // so far, each was greater than the one before
	stopped bool   // nobody wants more
}

// read is one try. Where a second one is without order, it is not known whether what
// it passes over was had.
func (r *reader) read(ctx context.Context) error {
	had, at := r.last, ""
	see := func(key string) (isNew bool) {
		r.ordered = r.ordered && key > at
		at = key
		return had == "" || key > had
	}
	skipped := func(key string) {
		if see(key) {
			r.last = max(r.last, key)
			r.skipped(key)
		}
	}
	for entry, err := range r.place.List(ctx, r.prefix, skipped) {
		if err != nil && r.ordered {
			return err
		}
		if err != nil {
			return errors.Join(errDisorder, err)
		}
		isNew := see(entry.Key)
		switch {
		case had != "" && !r.ordered:
			return errDisorder
		case !isNew:
			continue
		}
		r.last = max(r.last, entry.Key)
		if !r.yield(entry, nil) {
			r.stopped = true
			return nil
		}
	}
	return nil
}

// counterpart answers whether a place has a key, by walking along its listing as the
// keys that it is asked for grow. Where a place lists in another order some are
// not found: then Put finds out that they are there.
type counterpart struct {
	next func() (storage.Entry, error, bool)
	stop func()
	at   storage.Entry
	more bool
}

func newCounterpart(list iter.Seq2[storage.Entry, error]) *counterpart {
	s := &counterpart{more: true}
	s.next, s.stop = iter.Pull2(list)
	return s
}

// find is to be asked for greater and greater keys.
func (s *counterpart) find(key string) (there storage.Entry, ok bool, err error) {
	for s.more && s.at.Key < key {
		if err := s.advance(); err != nil {
			return storage.Entry{}, false, err
		}
	}
	return s.at, s.more && s.at.Key == key, nil
}

// advance goes on to the next entry, if there is more.
func (s *counterpart) advance() (err error) {
	s.at, err, s.more = s.next()
	return err
}
