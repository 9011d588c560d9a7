package prime

import (
	"context"
	"iter"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/backoff"
	"github.com/thumbery/thumbery/variant"
)

// Selection says which of the pictures that origins list are meant.
type Selection struct {
	Origins *storage.Mounts
	Prefix  string        // of their keys; "" is all
	Since   time.Duration // they were changed no longer ago; 0 is any time
}

// List is a Source: the keys of a selection.
func (s Selection) List(ctx context.Context, skipped func(name string)) iter.Seq2[variant.Key, error] {
	return func(yield func(variant.Key, error) bool) {
		var oldest time.Time
		if s.Since > 0 {
			oldest = time.Now().Add(-s.Since)
		}
		for e, err := range s.entries(ctx, skipped) {
			if err != nil {
				yield("", err)
				return
			}
			key, err := variant.ParseKey(e.Key)
			switch {
			case err != nil: // together with the prefix of its mount
				skipped(e.Key)
			case !e.ModTime.Before(oldest) && !yield(key, nil):
				return
			}
		}
	}
}

// entries are those of one mount after the other. Each backend of a chain is listed by
// itself, as only that has an order in which a listing can be resumed.
func (s Selection) entries(ctx context.Context, skipped func(name string)) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		for _, chain := range s.Origins.Listers() {
			var lists []iter.Seq2[storage.Entry, error]
			for _, backend := range chain {
				lists = append(lists, backoff.List(ctx, backend, s.Prefix, skipped))
			}
			for e, err := range storage.MergeLists(lists) {
				if !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
}
