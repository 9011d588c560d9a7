package storage

import "iter"

// Cursor walks along a listing, to look up keys that grow from call to call. Of a
// backend that does not list in order it may miss keys. The caller calls Stop.
type Cursor struct {
	Entry Entry // where it stands; valid while More
	More  bool
	Stop  func()

	next func() (Entry, error, bool)
}

// NewCursor returns a Cursor that stands before the first entry: Advance comes first.
func NewCursor(list iter.Seq2[Entry, error]) *Cursor {
	c := &Cursor{More: true}
	c.next, c.Stop = iter.Pull2(list)
	return c
}

// Advance goes on to the next entry, if there is one.
func (c *Cursor) Advance() (err error) {
	c.Entry, err, c.More = c.next()
	return err
}

// Find returns the entry of a key that is not less than that of the call before.
func (c *Cursor) Find(key string) (entry Entry, found bool, err error) {
	for c.More && c.Entry.Key < key {
		if err := c.Advance(); err != nil {
			return Entry{}, false, err
		}
	}
	return c.Entry, c.More && c.Entry.Key == key, nil
}

// MergeLists goes through several listings in the order of their keys. Where several
// have a key it gives the entry of the first of them, as a Chain would. Of unordered
// listings nothing is missing, but a key may come more than once. An error is the last
// element.
func MergeLists(lists []iter.Seq2[Entry, error]) iter.Seq2[Entry, error] {
	if len(lists) == 1 {
		return lists[0]
	}
	return func(yield func(Entry, error) bool) {
		var cursors []*Cursor
		for _, list := range lists {
			c := NewCursor(list)
			defer c.Stop()
			if err := c.Advance(); err != nil {
				yield(Entry{}, err)
				return
			}
			cursors = append(cursors, c)
		}
		for first := minCursor(cursors); first != nil; first = minCursor(cursors) {
			entry := first.Entry
			if !yield(entry, nil) {
				return
			}
			if err := advancePast(cursors, entry.Key); err != nil {
				yield(Entry{}, err)
				return
			}
		}
	}
}

// minCursor returns the first of those that stand at the least key, or nil at the end
// of all.
func minCursor(cursors []*Cursor) (least *Cursor) {
	for _, c := range cursors {
		if c.More && (least == nil || c.Entry.Key < least.Entry.Key) {
			least = c
		}
	}
	return least
}

func advancePast(cursors []*Cursor, key string) error {
	for _, c := range cursors {
		if c.More && c.Entry.Key == key {
			if err := c.Advance(); err != nil {
				return err
			}
		}
	}
	return nil
}
