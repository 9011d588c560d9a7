package backoff

import (
	"context"
	"errors"
	"iter"

	"github.com/thumbery/thumbery/storage"
)

// ErrUnordered says that a listing broke off and cannot be resumed, because the
// backend does not list in the order of its keys.
var ErrUnordered = Final(errors.New("the backend does not list in order, so a broken listing cannot be resumed: run it again"))

// List lists the keys of a backend that begin with prefix. When the listing breaks
// off it lists again and skips what it had. skipped, which may be nil, is told of
// names that are no keys, once each. An error is the last element.
func List(ctx context.Context, backend storage.Lister, prefix string, skipped func(name string)) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		if skipped == nil {
			skipped = func(string) {}
		}
		l := listing{backend: backend, prefix: prefix, skipped: skipped, yield: yield, ordered: true}
		err := Do(ctx, func() error { return l.attempt(ctx) })
		if err != nil && !l.stopped {
			yield(storage.Entry{}, err)
		}
	}
}

// listing is the state that the attempts of one List share.
type listing struct {
	backend storage.Lister
	prefix  string
	skipped func(name string)
	yield   func(storage.Entry, error) bool

	last    string // the greatest key, also of those that were skipped
	ordered bool   // so far, each key was greater than the one before
	stopped bool   // the consumer has enough
}

// attempt lists once. If a second attempt is unordered, nobody knows whether what it
// skips had come before.
func (l *listing) attempt(ctx context.Context) error {
	had, at := l.last, ""
	see := func(key string) (isNew bool) {
		l.ordered = l.ordered && key > at
		at = key
		return had == "" || key > had
	}
	skipped := func(name string) {
		if see(name) {
			l.last = max(l.last, name)
			l.skipped(name)
		}
	}
	for entry, err := range l.backend.List(ctx, l.prefix, skipped) {
		if err != nil && l.ordered {
			return err
		}
		if err != nil {
			return errors.Join(ErrUnordered, err)
		}
		isNew := see(entry.Key)
		switch {
		case had != "" && !l.ordered:
			return ErrUnordered
		case !isNew:
			continue
		}
		l.last = max(l.last, entry.Key)
		if !l.yield(entry, nil) {
			l.stopped = true
			return nil
		}
	}
	return nil
}
