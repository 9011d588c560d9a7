package breaker

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/internal/panics"
)

const (
	// probeInterval is how often a backend that is down is checked.
	probeInterval = time.Second
	// maxProbes of a backend are under way. The next begins after hangingProbe: one
	// that has hung since the backend went down must not hide that it is back.
	maxProbes    = 5
	hangingProbe = 2 * time.Second
	// probeTimeout is for Checks that nothing else ends. The timeouts of the backend
	// itself are to be shorter: what answers later than this stays shut out.
	probeTimeout = time.Minute
)

// ProbeLoop checks those origins that are down, about once a second, until ctx is done. So no
// request has to find out whether a backend is back, and wait for one that is not.
func ProbeLoop(ctx context.Context, origins ...*Origin) {
	var loops sync.WaitGroup
	defer loops.Wait()
	for _, o := range origins {
		loops.Go(func() { o.probeLoop(ctx) })
	}
}

func (o *Origin) probeLoop(ctx context.Context) {
	var probes sync.WaitGroup
	defer probes.Wait()
	ticker := time.NewTicker(probeInterval)
	defer ticker.Stop()
	var running atomic.Int32
	var latest time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		n := running.Load()
		if !o.Down() || n == maxProbes || n > 0 && time.Since(latest) < hangingProbe {
			continue
		}
		latest = time.Now()
		running.Add(1)
		probes.Go(func() {
			defer running.Add(-1)
			_ = panics.Try("probe", func() error { o.probe(ctx); return nil }) // and the loop goes on
		})
	}
}

// probe checks the backend, and records the result unless it is back already.
func (o *Origin) probe(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	begun := time.Now()
	err := o.check(ctx)
	if o.Down() {
		o.circuit.recordCheck(classify(ctx, time.Since(begun), err), begun, err)
	}
}
