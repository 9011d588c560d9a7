package eviction

import (
	"math/bits"
	"time"
)

// Recent is the age of last use below which all files rank alike, as the last to be
// removed. The last use is updated once an hour at most, so that a file that is in constant
// use may look that old.
const Recent = 2 * time.Hour

// From Recent on, a bucket is 1/256 of an age wide: less than an hour for ages up to ten
// days, and three hours at 30 days. Since octaves start at Recent times a power of two,
// there is a border at each whole number of days up to 170.
const (
	perOctave  = 256
	stepNanos  = int64(Recent) / perOctave
	octaves    = 21 // times Recent: 478 years, more than a time.Duration holds
	numBuckets = 1 + octaves*perOctave
)

// Histogram counts files by the age of their last use. It takes 130 KiB, however many files
// there are. The zero value is empty.
type Histogram struct{ buckets [numBuckets]Count }

// Add counts a file.
func (h *Histogram) Add(age time.Duration, c Count) {
	b := &h.buckets[bucketOf(age)]
	*b = b.Plus(c)
}

// Total returns the sum of all files.
func (h *Histogram) Total() Count { return h.Between(0, 1<<63-1) }

// Between returns the sum of the files that were last used at least from and less than to
// ago. Both are rounded down to a border between buckets. If to is the longest Duration, it
// is included.
func (h *Histogram) Between(from, to time.Duration) (sum Count) {
	end := bucketOf(to)
	if to == 1<<63-1 {
		end = numBuckets
	}
	for _, c := range h.buckets[bucketOf(from):end] {
		sum = sum.Plus(c)
	}
	return sum
}

// bucketOf returns the bucket of an age. A negative age, of a use in the future, counts as
// recent.
func bucketOf(age time.Duration) int {
	if age < Recent {
		return 0
	}
	octave := bits.Len64(uint64(age/Recent)) - 1
	above := int64(age) - int64(Recent)<<octave
	return 1 + octave*perOctave + int(above/(stepNanos<<octave))
}
