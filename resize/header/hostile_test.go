package header_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/thumbery/thumbery/resize/header"
)

// metaOf is an AVIF of a primary item 1 of that kind with these boxes besides.
func metaOf(kind string, boxes ...[]byte) []byte {
	meta := slices.Concat(be32(0), boxOf("pitm", be32(0), []byte{0, 1}), boxOf("iinf", be32(0), []byte{0, 1}, infe(1, kind)))
	return slices.Concat(boxOf("ftyp", []byte("avif"), be32(0)), boxOf("meta", append([][]byte{meta}, boxes...)...))
}

// denseFiles are files of some megabytes that hold nothing but references between
// items, of each kind.
func denseFiles() map[string][]byte {
	const boxes, each = 256, 16 << 10
	refs := func(kind string) []byte {
		var all []byte
		for i := range boxes {
			all = append(all, boxOf(kind, []byte{byte(i >> 8), byte(i), each >> 8, each & 0xff}, make([]byte, 2*each))...)
		}
		return metaOf("av01", boxOf("iref", be32(0), all))
	}
	var entries []byte
	for i := range each {
		entries = append(append(entries, byte(i>>8), byte(i), 255), make([]byte, 255)...)
	}
	ipma := boxOf("ipma", be32(0, each), entries)
	return map[string][]byte{
		"tiles":        refs("dimg"),
		"others":       refs("cdsc"),
		"associations": metaOf("av01", boxOf("iprp", boxOf("ipco"), ipma)),
	}
}

// TestInspectHoldsLittle: what hostile files are full of is not collected, nor
// even read to its end. The bound is generous.
func TestInspectHoldsLittle(t *testing.T) {
	const bound = 4 << 20
	for name, b := range denseFiles() {
		r := &counting{r: bytes.NewReader(b)}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := header.Inspect(t.Context(), r, int64(len(b)), header.AllFormats)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, header.ErrBroken) {
			t.Errorf("%s: %v, want ErrBroken", name, err)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > bound {
			t.Errorf("%s: %d bytes allocated, at most %d are expected", name, got, bound)
		}
		if r.n > bound/4 {
			t.Errorf("%s: %d bytes read of %d", name, r.n, len(b))
		}
	}
}

// counting counts what is read.
type counting struct {
	r *bytes.Reader
	n int
}

func (c *counting) ReadAt(b []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(b, off)
	c.n += n
	return n, err
}

// TestInspectCountsUnits: many tiles that share one long list of AV1 units cost
// no more than one would.
func TestInspectCountsUnits(t *testing.T) {
	t.Parallel()
	for tiles, want := range map[int]error{1: nil, 3: nil, 17: header.ErrBroken} {
		b := sharedTiles(tiles, 4<<10)
		h, err := inspect(b)
		if !errors.Is(err, want) || want == nil && (h.Width != 40*tiles || h.Height != 30) {
			t.Errorf("%d tiles: %+v, %v, want %v", tiles, h, err, want)
		}
	}
}

// sharedTiles is a row of tiles of 40x30, each an item of its own, which all lie
// in the same place, of so many units.
func sharedTiles(tiles, units int) []byte {
	return sharedCoded(tiles, slices.Concat(av1(40, 30), bytes.Repeat([]byte{0x7a, 0}, units-3))) // padding, empty
}

// sharedCoded is a row of tiles that are all coded so, in one place.
func sharedCoded(tiles int, coded []byte) []byte {
	w := 40 * tiles
	grid := []byte{0, 0, 0, byte(tiles - 1), byte(w >> 8), byte(w), 0, 30}
	iinf := append(be32(0), 0, byte(1+tiles))
	iinf = append(iinf, infe(1, "grid")...)
	dimg := []byte{0, 1, 0, byte(tiles)}
	for i := range tiles {
		iinf = append(iinf, infe(byte(2+i), "av01")...)
		dimg = append(dimg, 0, byte(2+i))
	}
	ftyp := boxOf("ftyp", []byte("avif"), be32(0))
	meta := func(mdat int) []byte {
		iloc := slices.Concat(be32(1<<24), []byte{0x44, 0, 0, byte(1 + tiles)}, []byte{0, 1, 0, 1, 0, 0, 0, 1}, be32(0, len(grid)))
		for i := range tiles {
			iloc = append(iloc, 0, byte(2+i), 0, 0, 0, 0, 0, 1)
			iloc = binary.BigEndian.AppendUint32(iloc, uint32(mdat))
			iloc = binary.BigEndian.AppendUint32(iloc, uint32(len(coded)))
		}
		return boxOf("meta", be32(0), boxOf("pitm", be32(0), []byte{0, 1}), boxOf("iinf", iinf), boxOf("idat", grid), boxOf("iloc", iloc),
			boxOf("iprp", boxOf("ipco", boxOf("ispe", be32(0, w, 30))), boxOf("ipma", be32(0, 1), []byte{0, 1, 1, 1})),
			boxOf("iref", be32(0), boxOf("dimg", dimg)))
	}
	at := len(ftyp) + len(meta(0)) + 8
	return slices.Concat(ftyp, meta(at), boxOf("mdat", coded))
}
