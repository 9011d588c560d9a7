package header

import (
	"fmt"
	"maps"
	"slices"

	"github.com/thumbery/thumbery/resize/header/internal/bitstream"
	"github.com/thumbery/thumbery/resize/internal/source"
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

// readItems reads the kinds of the items.
func (r *heifReader) readItems(c *cursor) {
	version, _ := c.full()
	c.id(version > 0) // how many
	r.each(c, func(kind string, c *cursor) {
		if kind != "infe" {
			return
		}
		version, _ := c.full()
		if version < 2 { // these have no kind and are no pictures
			return
		}
		item := r.item(c.id(version > 2))
		if item.kind != "" {
			c.err = source.Broken("two items have one number")
		}
		c.uint(2) // protection
		item.kind = c.kind()
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

// findEXIF notes where EXIF data lie in their item. It begins with a number of four bytes, which
// says how far behind that number they are.
func (r *heifReader) findEXIF() {
	for _, id := range slices.Sorted(maps.Keys(r.items)) {
		item := r.items[id]
		if item.kind != "Exif" || item.extents != 1 {
			continue
		}
		c := &cursor{s: r.s, off: item.off, end: item.off + item.n}
		skip := 4 + int64(c.uint(4))
		if c.err == nil && skip < item.n {
			r.h.EXIF = Extent{item.off + skip, item.n - skip}
			return
		}
	}
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
	read := (*cursor).av1Sequence
	switch {
	case item.kind == "hvc1":
		r.h.Format, read = variant.HEIC, (*cursor).hevcSequence
		width, height = hevcSide(width), hevcSide(height)
	case item.kind != "av01":
		return 0, ErrNotPicture
	case r.h.Format != variant.HEIC:
		r.h.Format = variant.AVIF
	}
	c, err := r.data(item)
	if err != nil {
		return 0, err
	}
	coded, err := read(c)
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

// data is where the content of an item lies.
func (r *heifReader) data(item *heifItem) (*cursor, error) {
	if item.extents != 1 {
		return nil, source.Broken("its pixels, or its grid, lie in %d places", item.extents)
	}
	return r.cursor(source.Part{Body: item.off, End: item.off + item.n}), nil
}

// checkGrid reads a picture put together from tiles: version, flags, rows and
// columns less one, and the sides (ISO/IEC 23008-12, 6.6.2.3.2). No tile may
// lie outside of the picture, which bounds their size.
func (r *heifReader) checkGrid(item *heifItem, width, height int) error {
	c, err := r.data(item)
	if err != nil {
		return err
	}
	wide := c.uint(2)&1 != 0
	rows, columns := 1+int(c.uint(1)), 1+int(c.uint(1))
	w, h := int(c.id(wide)), int(c.id(wide))
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
		tile := r.item(id)
		if tile.alpha || r.transforms(tile) {
			return fmt.Errorf("%w: its tiles have alpha, or are turned or cut", ErrNotPicture)
		}
		coded, err := r.checkCoded(tile, tileW, tileH)
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

// readLocations checks that every extent of every item lies in the file, or
// for items kept in idat, in that.
func (r *heifReader) readLocations(c *cursor) {
	version, _ := c.full()
	widths := c.uint(2)
	width := func(shift int) int { return int(widths >> shift & 15) } // in bytes
	if max(width(0), width(4), width(8), width(12)) > 8 || version > 2 {
		c.err = source.Broken("an iloc of an unknown form")
	}
	for range c.count(2 << (version / 2)) { // 4 bytes in version 2
		item := r.item(c.id(version == 2))
		method := uint64(0)
		if version > 0 {
			method = c.uint(2) & 15
		}
		c.uint(2) // data reference
		base := c.uint(width(4))
		for range c.count(2) {
			if version > 0 {
				c.uint(width(0)) // an index
			}
			off, n := c.uint(width(12)), c.uint(width(8))
			if c.err == nil {
				c.err = r.place(item, method, base, off, n)
			}
		}
	}
}

// place notes where an extent lies, if it is there. Methods: 0 in the file, 1
// in idat, 2 made from other items. A length of 0 is all that follows.
func (r *heifReader) place(item *heifItem, method, base, off, n uint64) error {
	within := source.Part{End: r.s.Size}
	switch method {
	case 0:
	case 1:
		within = r.idat
	default:
		return nil
	}
	have := uint64(within.End - within.Body)
	if base > have || off > have-base || n > have-base-off {
		return source.CutShort("its pixels")
	}
	if n == 0 {
		n = have - base - off
	}
	switch item.kind {
	case "hvc1", "av01", "grid":
	default: // decoders read all of those, also where many lie in the same place
		if r.metadata += int64(n); r.metadata > r.s.Size {
			return source.Broken("its metadata is longer than the file")
		}
	}
	item.extents++
	item.off, item.n = within.Body+int64(base+off), int64(n)
	return nil
}
