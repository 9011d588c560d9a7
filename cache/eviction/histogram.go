package eviction

import (
	"math/bits"
	"time"
)

// Recent is the age of a last use below which files rank alike, and after all
// others. As a use is noted once an hour at most, what is in use all the time may
// look that old.
const Recent = 2 * time.Hour

// Ages from Recent on are told apart to 1/256 of themselves, which is less than
// the hour of noting up to ten days, and 3 hours in 30 days. Counting in powers
// of two times Recent puts a border at each whole number of days up to 170.
const (
	perOctave  = 256
	stepNanos  = int64(Recent) / perOctave
	octaves    = 21 // times Recent: 478 years, more than a time.Duration holds
	numBuckets = 1 + octaves*perOctave
)

// Histogram counts files by the age of their last use. Its size, 130 KiB, does
// not depend on how many they are. The zero value is empty.
type Histogram struct{ buckets [numBuckets]Count }

// Add counts a file.
func (h *Histogram) Add(age time.Duration, c Count) {
	b := &h.buckets[bucketOf(age)]
	*b = b.Plus(c)
}

// Merge adds all that other has counted.
func (h *Histogram) Merge(other *Histogram) {
	for i, c := range &other.buckets {
		h.buckets[i] = h.buckets[i].Plus(c)
	}
}

// Total is the sum of all files.
func (h *Histogram) Total() Count { return h.Between(0, 1<<63-1) }

// Between is the sum of the files that were used at least from and less than to
// ago; both are rounded down to a border between buckets. To the longest Duration
// includes it.
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

// bucketOf is where an age is counted. An age below zero, a use that the clock
// has not reached yet, is a recent one.
func bucketOf(age time.Duration) int {
	if age < Recent {
		return 0
	}
	octave := bits.Len64(uint64(age/Recent)) - 1
	above := int64(age) - int64(Recent)<<octave
	return 1 + octave*perOctave + int(above/(stepNanos<<octave))
}
