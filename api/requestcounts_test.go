package api

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"
)

// newCounts has a window of a minute, and a clock that stands still.
func newCounts() (*requestCounts, *time.Time) {
	clock := now
	c := newRequestCounts(time.Minute, func() time.Time { return clock })
	return &c, &clock
}

func TestRequestCounts(t *testing.T) {
	t.Parallel()
	c, _ := newCounts()
	for want := 1; want <= 100; want++ {
		if got := c.add("a"); got != want {
			t.Fatalf("request %d is number %d", want, got)
		}
	}
	if got := c.add("b"); got != 1 {
		t.Errorf("the first of another name is number %d", got)
	}
}

func TestRequestCountsForget(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		after []time.Duration // between requests
		want  int             // the count at the last one
	}{
		{[]time.Duration{29 * time.Second}, 2},
		{[]time.Duration{59 * time.Second}, 2},
		{[]time.Duration{60 * time.Second}, 1},
		{[]time.Duration{time.Hour}, 1},
		{[]time.Duration{20 * time.Second, 20 * time.Second}, 3},
		{[]time.Duration{20 * time.Second, 41 * time.Second}, 1},
		{[]time.Duration{0, 0, 0, 59 * time.Second}, 5},
		{[]time.Duration{-time.Second, -20 * time.Second, 0}, 4}, // the clock was set back
		{[]time.Duration{40 * time.Second, -39 * time.Second}, 3},
	} {
		c, clock := newCounts()
		got := c.add("a")
		for _, d := range tt.after {
			*clock = clock.Add(d)
			got = c.add("a")
		}
		if got != tt.want {
			t.Errorf("after %v: %d, want %d", tt.after, got, tt.want)
		}
	}
}

// Whatever the order of requests, a count is between that of the last half of the window
// and that of the window.
func TestRequestCountsAreWithinTheWindow(t *testing.T) {
	t.Parallel()
	c, clock := newCounts()
	random := rand.New(rand.NewPCG(1, 2))
	times := map[string][]time.Time{}
	for range 5000 {
		*clock = clock.Add(time.Duration(random.ExpFloat64() * float64(300*time.Millisecond)))
		name := strconv.Itoa(int(random.ExpFloat64() * 20))
		times[name] = append(times[name], *clock)
		least, most := 0, 0
		for _, at := range times[name] {
			if age := clock.Sub(at); age < time.Minute {
				most++
				if age <= 30*time.Second {
					least++
				}
			}
		}
		if got := c.add(name); got < least || got > most {
			t.Fatalf("%d, with %d requests within 30 seconds and %d within 60", got, least, most)
		}
	}
}

// Very many names are counted in bounded memory, and one that is asked for often is
// counted among them.
func TestRequestCountsAreBounded(t *testing.T) {
	t.Parallel()
	c, _ := newCounts()
	hot := 0
	for i := range 100_000 {
		c.add("once-" + strconv.Itoa(i))
		if i%100 == 0 {
			hot = c.add("hot")
		}
	}
	if hot < 100 {
		t.Errorf("of 1,000 requests %d are counted", hot)
	}
	if entries, bytes := c.counters.Stats(); bytes > popularityBytes || entries < 1000 {
		t.Errorf("%d names in %d bytes", entries, bytes)
	}
}

func TestRequestCountsConcurrently(t *testing.T) {
	t.Parallel()
	c, _ := newCounts()
	c.add("a")
	const goroutines, each = 8, 1000
	var running sync.WaitGroup
	for range goroutines {
		running.Go(func() {
			for range each {
				c.add("a")
			}
		})
	}
	running.Wait()
	if got := c.add("a"); got != goroutines*each+2 {
		t.Errorf("%d", got)
	}
}
