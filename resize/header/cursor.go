package header

import "github.com/thumbery/thumbery/resize/internal/source"

// cursor reads numbers one after another out of a box or an item. After a failure it
// gives zeros and err says why, so that a caller can look once.
type cursor struct {
	s        *source.Source
	off, end int64
	left     *int // entries that may still be read, of this and all other lists
	err      error
}

// uint reads a big-endian number of 0 to 8 bytes.
func (c *cursor) uint(bytes int) (v uint64) {
	if c.err == nil && c.off+int64(bytes) > c.end {
		c.err = source.CutShort("a box")
	}
	if c.err != nil {
		return 0
	}
	var b []byte
	if b, c.err = c.s.At(c.off, bytes); c.err != nil {
		return 0
	}
	for _, x := range b {
		v = v<<8 | uint64(x)
	}
	c.off += int64(bytes)
	return v
}

// kind reads the four letters of a kind.
func (c *cursor) kind() string {
	v := c.uint(4)
	return string([]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
}

// full reads the version and flags that begin many boxes.
func (c *cursor) full() (version byte, flags uint32) {
	v := c.uint(4)
	return byte(v >> 24), uint32(v) & 0xffffff
}

// id reads the number of an item, which some versions of a box have in four bytes.
func (c *cursor) id(wide bool) uint32 {
	if wide {
		return uint32(c.uint(4))
	}
	return uint32(c.uint(2))
}

// count reads, in so many bytes, how many entries a list has, and takes them from those that
// are left.
func (c *cursor) count(bytes int) int {
	n := c.uint(bytes)
	if c.err == nil && n > uint64(*c.left) {
		c.err = errEntries
	}
	if c.err != nil {
		return 0
	}
	*c.left -= int(n)
	return int(n)
}

// errEntries is the error for a file that is full of references.
var errEntries = source.Broken("its lists have more than %d entries", maxEntries)
