package header

// itemLocations is the head of an iloc box.
type itemLocations struct {
	version                    byte
	offset, length, base, numb int // bytes of each field, 0, 4 or 8
}

// readLocations checks that every extent of every item lies in the file, or
// for items kept in idat, in that.
func (r *heifReader) readLocations(b box) error {
	c := r.s.cursor(b)
	var l itemLocations
	l.version, _ = c.full()
	sizes := c.uint(2)
	l.offset, l.length = int(sizes>>12&15), int(sizes>>8&15)
	l.base, l.numb = int(sizes>>4&15), int(sizes&15)
	if max(l.offset, l.length, l.base, l.numb) > 8 || l.version > 2 {
		return broken("an iloc of an unknown form")
	}
	for range c.count(idBytes(l.version == 2), maxItems) {
		if err := r.readLocation(c, l); err != nil {
			return err
		}
	}
	return c.err
}

func (r *heifReader) readLocation(c *cursor, l itemLocations) error {
	item := r.item(uint32(c.uint(idBytes(l.version == 2))))
	method := uint64(0)
	if l.version > 0 {
		method = c.uint(2) & 15
	}
	c.uint(2) // data reference
	base := c.uint(l.base)
	for range c.count(2, maxItems) {
		if l.version > 0 {
			c.uint(l.numb)
		}
		off, n := c.uint(l.offset), c.uint(l.length)
		if c.err != nil {
			break
		}
		if r.extents++; r.extents > maxExtents {
			return broken("more than %d extents", maxExtents)
		}
		if err := r.place(item, method, base, off, n); err != nil {
			return err
		}
	}
	return c.err
}

// place notes where an extent lies, if it is there. Methods: 0 in the file, 1
// in idat, 2 made from other items. A length of 0 is all that follows.
func (r *heifReader) place(item *heifItem, method, base, off, n uint64) error {
	within := box{start: 0, end: r.s.size}
	switch method {
	case 0:
	case 1:
		within = r.idat
	default:
		return nil
	}
	have := uint64(within.end - within.start)
	if base > have || off > have-base || n > have-base-off {
		return cutShort("its pixels")
	}
	if n == 0 {
		n = have - base - off
	}
	if r.besides += item.besides(int64(n)); r.besides > r.s.size {
		return broken("its metadata is longer than the file")
	}
	item.extents++
	item.off, item.n = within.start+int64(base+off), int64(n)
	return nil
}
