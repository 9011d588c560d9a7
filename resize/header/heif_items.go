package header

import (
	"fmt"
	"slices"

	"github.com/thumbery/thumbery/resize/header/internal/bitstream"
	"github.com/thumbery/thumbery/resize/header/internal/source"
	"github.com/thumbery/thumbery/variant"
)

// heifItem is one item of an AVIF or HEIC.
type heifItem struct {
	kind    string   // av01, hvc1, grid, Exif, ...
	extents int      // where its data is is known if this is 1
	off, n  int64    // in the file
	tiles   []uint32 // items that it is put together from
	props   []int    // indices into heifReader.props, in order
	isAlpha bool     // by its properties
	alpha   bool     // it has an alpha channel
	coded   bitstream.Sequence
}

// besides is n for an item that is no picture. Decoders read all of those, also
// where many lie in the same place.
func (i *heifItem) besides(n int64) int64 {
	switch i.kind {
	case "hvc1", "av01", "grid":
		return 0
	}
	return n
}

// readItems reads the kinds of the items.
func (r *heifReader) readItems(b box) error {
	c := r.s.cursor(b)
	version, _ := c.full()
	c.uint(idBytes(version > 0)) // how many
	if c.err != nil {
		return c.err
	}
	return r.s.child(c.off, c.end, "infe", func(b box) error {
		c := r.s.cursor(b)
		version, _ := c.full()
		if version < 2 { // these have no kind and are no pictures
			return c.err
		}
		item := r.item(uint32(c.uint(idBytes(version > 2))))
		if item.kind != "" {
			return source.Broken("two items have one number")
		}
		c.uint(2) // protection
		kind := c.uint(4)
		item.kind = string([]byte{byte(kind >> 24), byte(kind >> 16), byte(kind >> 8), byte(kind)})
		return c.err
	})
}

// item returns the item of this id, which need not have been heard of. Beyond
// maxItems they are forgotten at once.
func (r *heifReader) item(id uint32) *heifItem {
	item, ok := r.items[id]
	if !ok {
		item = new(heifItem)
		if len(r.items) < maxItems {
			r.items[id] = item
		}
	}
	return item
}

// checkSizes decides the format and holds the coded pictures to the size that
// the container tells: a decoder unpacks whatever is coded, and only then
// compares. Alpha of another size is not supported.
func (r *heifReader) checkSizes(width, height int) error {
	for _, id := range append([]uint32{r.primary}, r.alphaOf...) {
		item := r.item(id)
		if size, ok := r.prop(item, "ispe"); !ok || size.a != width || size.b != height {
			return fmt.Errorf("%w: its alpha is %s, the picture %s", ErrNotPicture, sides(size.a, size.b), sides(width, height))
		}
		var err error
		if item.kind == "grid" {
			err = r.checkGrid(item, width, height)
		} else {
			_, err = r.checkCoded(item, width, height)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkCoded returns how many pixels are coded of an item that is no grid.
func (r *heifReader) checkCoded(item *heifItem, width, height int) (pixels int64, err error) {
	read := r.s.av1Sequence
	switch {
	case item.kind == "hvc1":
		r.h.Format, read = variant.HEIC, r.s.hevcSequence
		width, height = hevcSide(width), hevcSide(height)
	case item.kind != "av01":
		return 0, ErrNotPicture
	case r.h.Format != variant.HEIC:
		r.h.Format = variant.AVIF
	}
	if item.extents != 1 {
		return 0, source.Broken("its pixels lie in %d places", item.extents)
	}
	coded, err := read(item.off, item.n, &r.units)
	if err != nil {
		return 0, err
	}
	if coded.Width > 0 {
		item.coded = item.coded.And(coded)
	}
	w, h := item.coded.Width, item.coded.Height
	switch {
	case w == 0 || h == 0:
		return 0, source.Broken("its coded size is not told")
	case w > width || h > height:
		return 0, source.Broken("%dx%d pixels are coded where %dx%d are declared", w, h, width, height)
	}
	return int64(w) * int64(h), nil
}

// checkGrid reads a picture put together from tiles: version, flags, rows and
// columns less one, and the sides (ISO/IEC 23008-12, 6.6.2.3.2). No tile may
// lie outside of the picture, which bounds their size.
func (r *heifReader) checkGrid(item *heifItem, width, height int) error {
	if item.extents != 1 {
		return source.Broken("its grid lies in %d places", item.extents)
	}
	c := &cursor{s: r.s, off: item.off, end: item.off + item.n}
	flags := c.uint(2)
	rows, columns := 1+int(c.uint(1)), 1+int(c.uint(1))
	w, h := int(c.uint(idBytes(flags&1 != 0))), int(c.uint(idBytes(flags&1 != 0)))
	switch {
	case c.err != nil:
		return c.err
	case w != width || h != height:
		return source.Broken("a grid of %dx%d is declared as %dx%d", w, h, width, height)
	case len(item.tiles) != rows*columns:
		return source.Broken("%d tiles in a grid of %dx%d", len(item.tiles), columns, rows)
	case int64(rows*columns) > maxTiles(r.h.Pixels()):
		return source.TooLarge("%d tiles in a picture of %dx%d, the limit is %d", rows*columns, w, h, maxTiles(r.h.Pixels()))
	}
	tileW, tileH := tileSide(w, columns), tileSide(h, rows)
	var largest int64
	for _, id := range slices.Compact(slices.Sorted(slices.Values(item.tiles))) {
		if tile := r.item(id); tile.alpha || r.transforms(tile) {
			return fmt.Errorf("%w: its tiles have alpha, or are turned or cut", ErrNotPicture)
		}
		coded, err := r.checkCoded(r.item(id), tileW, tileH)
		if err != nil {
			return err
		}
		largest = max(largest, coded)
	}
	if all := largest * int64(rows*columns); all > int64(w)*int64(h) {
		r.h.Coded = max(r.h.Coded, all)
	}
	return nil
}

// maxTiles is how many tiles a picture may be put together from: each starts a
// decoder. Telephones make tiles of 512x512 pixels, and four times as many are
// allowed, besides some for pictures that are small.
func maxTiles(pixels int64) int64 { return 64 + pixels/(256*256) }

// tileSide is the longest side of n tiles in a row of which none begins beyond
// side. One tile alone may be as large as the smallest that encoders make.
func tileSide(side, n int) int {
	if n == 1 {
		return max(side, 64)
	}
	return (side - 1) / (n - 1)
}

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
		return source.Broken("an iloc of an unknown form")
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
			return source.Broken("more than %d extents", maxExtents)
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
	within := box{start: 0, end: r.s.Size}
	switch method {
	case 0:
	case 1:
		within = r.idat
	default:
		return nil
	}
	have := uint64(within.end - within.start)
	if base > have || off > have-base || n > have-base-off {
		return source.CutShort("its pixels")
	}
	if n == 0 {
		n = have - base - off
	}
	if r.besides += item.besides(int64(n)); r.besides > r.s.Size {
		return source.Broken("its metadata is longer than the file")
	}
	item.extents++
	item.off, item.n = within.start+int64(base+off), int64(n)
	return nil
}
