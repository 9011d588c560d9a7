package outage

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Offer sends rate requests a second for d, whether or not earlier ones have been answered:
// users do not wait for each other. It returns when all are answered. next is called by one
// goroutine, and what it returns by one each.
func Offer(ctx context.Context, rate float64, d time.Duration, next func() (ask func())) {
	const every = 2 * time.Millisecond
	var all sync.WaitGroup
	defer all.Wait()
	tick := time.NewTicker(every)
	defer tick.Stop()
	began := time.Now()
	for asked := 0; ; {
		for due := int(time.Since(began).Seconds() * rate); asked < due; asked++ {
			all.Go(next())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if time.Since(began) > d {
			return
		}
	}
}

// Took collects how long answers took, by status. Its methods may be called concurrently.
type Took struct {
	mu       sync.Mutex
	byStatus map[int][]time.Duration
}

// Add counts an answer.
func (t *Took) Add(a Answer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byStatus == nil {
		t.byStatus = map[int][]time.Duration{}
	}
	t.byStatus[a.Status] = append(t.byStatus[a.Status], a.Took)
}

// Count is the number of answers with a status.
func (t *Took) Count(status int) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.byStatus[status])
}

// Failed is the number of answers without status 200.
func (t *Took) Failed() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for status, all := range t.byStatus {
		if status != http.StatusOK {
			n += len(all)
		}
	}
	return n
}

// Statuses are the statuses of all answers, sorted.
func (t *Took) Statuses() []int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Sorted(maps.Keys(t.byStatus))
}

// Slowest is the longest time of any answer; 0 without answers.
func (t *Took) Slowest() (most time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, all := range t.byStatus {
		most = max(most, slices.Max(all))
	}
	return most
}

// At is a percentile of the times of a status; 0 without answers.
func (t *Took) At(status int, percent float64) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := slices.Sorted(slices.Values(t.byStatus[status]))
	if len(all) == 0 {
		return 0
	}
	return all[min(len(all)-1, int(float64(len(all))*percent/100))]
}

// Best sends requests from so many clients as quickly as possible for d, and returns how
// many pictures came a second.
func Best(ctx context.Context, clients int, d time.Duration, ask func(context.Context) Answer) float64 {
	within, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var took Took
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for within.Err() == nil {
				took.Add(ask(ctx))
			}
		})
	}
	began := time.Now()
	all.Wait()
	return float64(took.Count(http.StatusOK)) / time.Since(began).Seconds()
}
