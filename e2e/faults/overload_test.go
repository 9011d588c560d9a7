package faults

import (
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/thumbery/thumbery/e2e"

	"github.com/thumbery/thumbery/internal/testkit/outage"
)

// While S3 answers nothing, ten times as many requests for uncached pictures come as can be
// fetched or queued: the others are refused at once with Retry-After, hits succeed
// meanwhile, and afterwards memory, goroutines and descriptors are as before.
func TestOverloadOfFetches(t *testing.T) {
	t.Parallel()
	const pictures, fetches, queue = 40, 16, 20
	const offered = 10 * (fetches + queue)
	backend := breakable(t, "s3")[0]
	s := e2e.Serve(
		t, "--source", "/="+backend.Source(), "--cache", t.TempDir(), "--hot", "64KiB", "--queue", strconv.Itoa(queue), "--fetches", strconv.Itoa(fetches),
		"--first-byte-timeout", "1h", "--fetch-timeout", "1h", "--max-versions", "0",
	)
	m := mixture(t, s.URL, pictures)
	before := alone(t, s, m, backend)

	e2e.Must(t, backend.Break(outage.Silent()))
	var tally outage.Tally
	var refused atomic.Int64
	var all sync.WaitGroup
	random := rand.New(rand.NewPCG(6, 6))
	for range offered {
		request := m.Unseen(random)
		all.Go(func() {
			answer := m.Client.Get(t.Context(), request.Path)
			tally.Add(outage.Unseen, request, answer)
			if answer.Status == http.StatusServiceUnavailable {
				refused.Add(1)
			}
		})
	}
	e2e.Eventually(t, "all are refused that can neither be served nor wait", func() bool { return refused.Load() >= offered-fetches-queue })
	for range 100 {
		request := m.Hit(random)
		tally.Add(outage.Hit, request, m.Client.Get(t.Context(), request.Path))
	}
	e2e.Must(t, backend.Restore())
	all.Wait()
	wantHonest(t, &tally)
	if peak := s.PeakMiB(t); peak > 1024 {
		t.Errorf("%.0f MiB of memory", peak)
	}
	awaitUsage(t, s, before, func() { closeConnections(t, m, backend) })
	wantRecovery(t, m)
}

// alone returns what a server uses without connections.
func alone(t *testing.T, s *e2e.Server, m *outage.Mix, backend *outage.Backend) usage {
	t.Helper()
	closeConnections(t, m, backend)
	return usageOf(t, s)
}

// closeConnections closes the connections of clients and those to S3.
func closeConnections(t *testing.T, m *outage.Mix, backend *outage.Backend) {
	t.Helper()
	m.Client.Close()
	e2e.Must(t, backend.Restore())
}

// Many concurrent requests for one uncached picture cost one fetch and one resize.
func TestOneHotPicture(t *testing.T) {
	t.Parallel()
	const pictures, visitors = 4, 500
	backend := breakable(t, "s3")[0]
	s := e2e.Serve(t, "--source", "/="+backend.Source(), "--cache", t.TempDir())
	m := mixture(t, s.URL, pictures)
	fetches, resizes := s.Total(t, "thumbery_fetch_seconds_count"), s.Total(t, "thumbery_resize_seconds_count")
	e2e.Must(t, backend.Break(outage.Late())) // they wait for one fetch
	request := outage.Sized(pictures-1, 120, 80, ",v_hot")
	var tally outage.Tally
	var all sync.WaitGroup
	for range visitors {
		all.Go(func() { tally.Add(outage.Unseen, request, m.Client.Get(t.Context(), request.Path)) })
	}
	all.Wait()
	wantHonest(t, &tally)
	if came := tally.Count(outage.Unseen, http.StatusOK); came != visitors {
		t.Errorf("%d came, want %d", came, visitors)
		tally.Print(os.Stderr)
	}
	if n := s.Total(t, "thumbery_fetch_seconds_count") - fetches; n != 1 {
		t.Errorf("%v fetches", n)
	}
	if n := s.Total(t, "thumbery_resize_seconds_count") - resizes; n != 1 {
		t.Errorf("%v resizes", n)
	}
}
