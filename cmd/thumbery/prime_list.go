package main

import (
	"context"
	"iter"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/retry"
)

// entries are what the mounts have with a prefix, one mount after the other. Each
// place is listed by itself, and gone on with where its listing breaks off, as only
// one place has an order to go on by.
func (s span) entries(ctx context.Context, m *storage.Mounts, skipped func(name string)) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		for _, chain := range m.Listers() {
			var lists []iter.Seq2[storage.Entry, error]
			for _, place := range chain {
				lists = append(lists, retry.List(ctx, place, s.prefix, skipped))
			}
			for e, err := range storage.MergeLists(lists) {
				if !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
}
