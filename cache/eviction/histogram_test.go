package eviction

import (
	"math"
	"testing"
	"time"
)

func TestBucketOfGrows(t *testing.T) {
	t.Parallel()
	last := 0
	for age := time.Duration(0); age < 500*day; age += 28 * time.Second {
		b := bucketOf(age)
		if b < last || b > last+1 {
			t.Fatalf("bucketOf(%v) = %d after %d", age, b, last)
		}
		last = b
	}
	if b := bucketOf(math.MaxInt64); b >= numBuckets || b <= last {
		t.Errorf("the longest age is in bucket %d of %d", b, numBuckets)
	}
	for _, age := range []time.Duration{math.MinInt64, -1, 0, Recent - 1} {
		if b := bucketOf(age); b != 0 {
			t.Errorf("bucketOf(%v) = %d, want 0", age, b)
		}
	}
}

// There is a border between buckets at whole numbers of days.
func TestBordersOfDays(t *testing.T) {
	t.Parallel()
	for _, days := range []time.Duration{1, 7, 30, 90, 170} {
		if before, at := bucketOf(days*day-1), bucketOf(days*day); at != before+1 {
			t.Errorf("%d days and what is just below are in buckets %d and %d", days, at, before)
		}
	}
}

func TestHistogram(t *testing.T) {
	t.Parallel()
	var h Histogram
	h.Add(3*day, Count{1, 20, 200})
	h.Add(3*day, Count{2, 1, 2})
	h.Add(math.MaxInt64, Count{1, 5, 5})
	for _, tt := range []struct {
		from, to time.Duration
		want     Count
	}{
		{0, Recent, Count{}},
		{Recent, 3 * day, Count{}},
		{3 * day, 4 * day, Count{3, 21, 202}},
		{4 * day, math.MaxInt64, Count{1, 5, 5}},
		{0, math.MaxInt64, Count{4, 26, 207}},
	} {
		if got := h.Between(tt.from, tt.to); got != tt.want {
			t.Errorf("Between(%v, %v) = %v, want %v", tt.from, tt.to, got, tt.want)
		}
	}
	if h.Total() != (Count{4, 26, 207}) {
		t.Errorf("Total() = %v", h.Total())
	}
}
