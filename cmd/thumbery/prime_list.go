package main

import (
	"context"
	"iter"

	"github.com/thumbery/thumbery/storage"
)

// entries are what the mounts have with a prefix, one mount after the other. Each
// place is listed by itself, and gone on with where its listing breaks off, as only
// one place has an order to go on by.
func (s span) entries(ctx context.Context, m *storage.Mounts, skipped func(name string)) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		for _, chain := range m.Listers() {
			var lists []iter.Seq2[storage.Entry, error]
			for _, place := range chain {
				lists = append(lists, steady(ctx, patience(), place, s.prefix, skipped))
			}
			for e, err := range merged(lists) {
				if !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
}

// merged goes through lists side by side, in the order of their keys. Of a key that
// several have, it gives the entry of the first, as a chain would. Of lists without
// order nothing is missing, but such a key may come again. After an error nothing
// else comes.
func merged(lists []iter.Seq2[storage.Entry, error]) iter.Seq2[storage.Entry, error] {
	if len(lists) == 1 {
		return lists[0]
	}
	return func(yield func(storage.Entry, error) bool) {
		var heads []*counterpart
		for _, list := range lists {
			c := newCounterpart(list)
			defer c.stop()
			if err := c.advance(); err != nil {
				yield(storage.Entry{}, err)
				return
			}
			heads = append(heads, c)
		}
		for first := foremost(heads); first != nil; first = foremost(heads) {
			e := first.at
			if !yield(e, nil) {
				return
			}
			if err := passOver(heads, e.Key); err != nil {
				yield(storage.Entry{}, err)
				return
			}
		}
	}
}

// foremost has the least key, and is the first of those that have it; nil at the end
// of all.
func foremost(heads []*counterpart) (least *counterpart) {
	for _, c := range heads {
		if c.more && (least == nil || c.at.Key < least.at.Key) {
			least = c
		}
	}
	return least
}

// passOver goes on with all that are at a key.
func passOver(heads []*counterpart, key string) error {
	for _, c := range heads {
		if c.more && c.at.Key == key {
			if err := c.advance(); err != nil {
				return err
			}
		}
	}
	return nil
}
