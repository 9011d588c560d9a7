package cache

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"
)

// newHeat has a window of a minute, and a clock that stands still.
func newHeat() (*Heat, *time.Time) {
	now := time.Unix(1_800_000_000, 0)
	return NewHeat(time.Minute, func() time.Time { return now }), &now
}

func TestHeatCounts(t *testing.T) {
	h, _ := newHeat()
	for want := 1; want <= 100; want++ {
		if got := h.Touch("a"); got != want {
			t.Fatalf("touched %d times: %d", want, got)
		}
	}
	if got := h.Touch("b"); got != 1 {
		t.Errorf("another key: %d", got)
	}
	var none *Heat
	if got := none.Touch("a"); got != 0 {
		t.Errorf("no Heat: %d", got)
	}
}

// What is older than the window never counts, and what is younger than two thirds
// of it always.
func TestHeatForgets(t *testing.T) {
	for _, tt := range []struct {
		after []time.Duration // between touches
		want  int             // of the last one
	}{
		{[]time.Duration{39 * time.Second}, 2},
		{[]time.Duration{60 * time.Second}, 1},
		{[]time.Duration{time.Hour}, 1},
		{[]time.Duration{20 * time.Second, 20 * time.Second}, 3},
		{[]time.Duration{20 * time.Second, 20 * time.Second, 20 * time.Second}, 3},
		{[]time.Duration{20 * time.Second, 41 * time.Second}, 2},
		{[]time.Duration{19 * time.Second, 30 * time.Second, 12 * time.Second}, 2},
		{[]time.Duration{0, 0, 0, 59 * time.Second}, 5},
		{[]time.Duration{-time.Second, -20 * time.Second, 0}, 4},  // a clock that was set back
		{[]time.Duration{20 * 65536 * time.Second}, 2},            // the stamp comes again
		{[]time.Duration{20 * 65533 * time.Second}, 1},            // and almost does
		{[]time.Duration{20 * 32768 * time.Second}, 1},            // half way
		{[]time.Duration{40 * time.Second, -39 * time.Second}, 3}, // late, and counted with the others
		{[]time.Duration{40 * time.Second, -39 * time.Second, 60 * time.Second}, 3},
	} {
		h, now := newHeat()
		got := h.Touch("a")
		for _, d := range tt.after {
			*now = now.Add(d)
			got = h.Touch("a")
		}
		if got != tt.want {
			t.Errorf("touched again after %v: %d, want %d", tt.after, got, tt.want)
		}
	}
}

// Whatever the order of accesses, a count is between that of the last two thirds
// of the window and that of the window.
func TestHeatIsWithinTheWindow(t *testing.T) {
	h, now := newHeat()
	random := rand.New(rand.NewPCG(1, 2))
	times := map[string][]time.Time{}
	for range 20_000 {
		*now = now.Add(time.Duration(random.ExpFloat64() * float64(300*time.Millisecond)))
		key := strconv.Itoa(int(random.ExpFloat64() * 20))
		times[key] = append(times[key], *now)
		least, most := 0, 0
		for _, at := range times[key] {
			if age := now.Sub(at); age < time.Minute {
				most++
				if age <= 40*time.Second {
					least++
				}
			}
		}
		if got := h.Touch(key); got < least || got > most {
			t.Fatalf("%d, and it was touched %d times within 40 seconds and %d within 60", got, least, most)
		}
	}
}

func TestHeatStopsCounting(t *testing.T) {
	h, now := newHeat()
	for part := range heatParts {
		for range HeatMost + 10 {
			h.Touch("a")
		}
		if got, want := h.Touch("a"), (part+1)*HeatMost; got != want {
			t.Errorf("after %d parts: %d, want %d", part+1, got, want)
		}
		*now = now.Add(20 * time.Second)
	}
	if got := h.Touch("a"); got != 2*HeatMost+1 {
		t.Errorf("the oldest part is still there: %d", got)
	}
}

// Many keys seen once are taken for hot ones no more often than promised.
func TestHeatOverestimates(t *testing.T) {
	h, _ := newHeat()
	const n = 1_000_000
	beyond, hot := 0, 0
	for i := range n {
		count := h.Touch("somekey-" + strconv.Itoa(i))
		if count-1 > 10 {
			hot++
		}
		if float64(count-1) > 2.71828*n/(2<<heatBlockBits) {
			beyond++
		}
	}
	t.Logf("of %d keys seen once, %d seem to have had 10 before, and %d more than e times the average of a cell", n, hot, beyond)
	if hot > n/10_000 || beyond > n/50 {
		t.Error("these are too many")
	}
	for range 50 {
		h.Touch("hot")
	}
	if got := h.Touch("hot"); got < 51 || got > 51+20 {
		t.Errorf("among a million others, 51 are %d", got)
	}
}

// No access is lost by who counts at the same time.
func TestHeatConcurrently(t *testing.T) {
	h := NewHeat(time.Hour, time.Now)
	const goroutines, each = 8, 5000
	var running sync.WaitGroup
	for range goroutines {
		running.Go(func() {
			for range each {
				h.Touch("a")
			}
		})
	}
	running.Wait()
	if got := h.Touch("a"); got != goroutines*each+1 {
		t.Errorf("%d", got)
	}
}

func TestHeatDoesNotAllocate(t *testing.T) {
	h := NewHeat(time.Minute, time.Now)
	if n := testing.AllocsPerRun(100, func() { h.Touch("0123456789abcdef0123456789abcdef-0123456789abcdef01234567") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkHeat(b *testing.B) {
	names := make([]string, 1<<16)
	for i := range names {
		names[i] = "0123456789abcdef0123456789abcdef-0123456789abcdef" + strconv.Itoa(10_000_000+i)
	}
	still := time.Now()
	for _, bm := range []struct {
		name string
		keys int
		now  func() time.Time
	}{
		{"one", 1, time.Now},
		{"10000", 10_000, time.Now},
		{"65536", 1 << 16, time.Now},
		{"65536-no-clock", 1 << 16, func() time.Time { return still }},
	} {
		b.Run(bm.name, func(b *testing.B) {
			h := NewHeat(time.Minute, bm.now)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				h.Touch(names[i*7919%bm.keys])
			}
		})
	}
}
