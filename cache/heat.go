package cache

import (
	"hash/maphash"
	"sync/atomic"
	"time"
)

const (
	// heatRows is the number of counts of a key, each with other neighbours: only
	// keys that meet in all of them are taken for each other.
	heatRows = 4
	// heatBlockBits is the logarithm of the number of blocks. With 64 bytes each
	// they make 8 MiB.
	heatBlockBits = 17
	// heatParts is the number of parts of the window that are counted apart, so
	// that the oldest can be forgotten.
	heatParts = 3
	// partBits is the size of one part's count, and of the stamp.
	partBits = 16
	partMask = 1<<partBits - 1
)

// HeatMost is the greatest count that every Heat can tell: from there on it may
// stay as it is.
const HeatMost = partMask

// Heat counts how often keys were seen lately, in 8 MiB whatever their number: a
// count-min sketch (Cormode and Muthukrishnan, 2005) whose cells forget. It is
// safe for use by several goroutines, which never wait for each other.
//
// A count is never too low, and is too high by what others have left in all four
// cells of a key: with a million keys in one window, for not one in 10,000 by more
// than 10. The cells of a key are in one line of the processor's cache, as memory is
// what counting waits for.
type Heat struct {
	seed  maphash.Seed // so that nobody outside knows which keys meet
	now   func() time.Time
	start time.Time
	part  time.Duration
	// blocks have two cells for each row.
	blocks [1 << heatBlockBits][heatRows][2]heatCell
}

// NewHeat returns a Heat for a window of at least a microsecond. now is called
// for every count.
func NewHeat(window time.Duration, now func() time.Time) *Heat {
	return &Heat{
		seed: maphash.MakeSeed(), now: now, start: now(), part: max(window, time.Microsecond) / heatParts,
	}
}

// Touch counts an access to a key, and returns how many there were within the
// window, this one included. Of what is older than two thirds of the window a part
// may be missing already; what is older than the window never counts. A Heat that
// is nil counts nothing, and returns 0.
func (h *Heat) Touch(key string) (count int) {
	if h == nil {
		return 0
	}
	stamp := h.stamp()
	count = heatParts * HeatMost
	sum := maphash.String(h.seed, key)
	block := &h.blocks[sum>>(64-heatBlockBits)]
	for row := range block {
		count = min(count, block[row][sum>>row&1].add(stamp))
	}
	return count
}

// stamp numbers the parts of time, from 0 to 65535 and over again.
func (h *Heat) stamp() uint16 { return uint16(h.now().Sub(h.start) / h.part) }

// heatCell holds in its lowest 16 bits the stamp of the part of the window that
// was last counted in, and above it the counts of that part and the two before.
// It is aged by who counts in it next. One that nobody has counted in for 65,536
// parts (15 days for a window of a minute), and then somebody does in the very
// part that has its stamp again, has what it had.
type heatCell struct{ atomic.Uint64 }

// add counts one and returns the sum of all parts.
func (c *heatCell) add(stamp uint16) int {
	for {
		old := c.Load()
		fresh := counted(old, stamp)
		if fresh == old || c.CompareAndSwap(old, fresh) {
			return cellSum(fresh)
		}
	}
}

// counted is a cell with one more in the part with that stamp. A part that is full
// stays so.
func counted(cell uint64, stamp uint16) uint64 {
	cell = movedOn(cell, stamp)
	if cell>>partBits&partMask == partMask {
		return cell
	}
	return cell + 1<<partBits
}

// movedOn moves counts to older parts, and out of the window. Who comes late, with
// the stamp of a part that others have ended meanwhile, counts with them.
func movedOn(cell uint64, stamp uint16) uint64 {
	had := uint16(cell)
	if had-stamp < heatParts {
		return cell
	}
	counts := cell &^ partMask
	if passed := stamp - had; passed < heatParts {
		counts <<= partBits * passed
	} else {
		counts = 0
	}
	return counts | uint64(stamp)
}

func cellSum(cell uint64) int {
	return int(cell>>partBits&partMask + cell>>(2*partBits)&partMask + cell>>(3*partBits)&partMask)
}
