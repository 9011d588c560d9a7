package faults

import (
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/thumbery/thumbery/e2e"

	"github.com/thumbery/thumbery/internal/testkit/outage"
	"github.com/thumbery/thumbery/internal/testkit/toxiproxy"
)

// clients is the number of concurrent requests.
const clients = 16

// shortTimeouts are the flags with which faults show within seconds.
func shortTimeouts() []string {
	return []string{
		"--connect-timeout", "1s", "--first-byte-timeout", "2s", "--stall-timeout", "2s", "--fetch-timeout", "8s",
		"--max-versions", "0", // what was never seen is told by a version
	}
}

// breakable returns ways to a MinIO with numbered pictures that can be broken.
func breakable(t *testing.T, ways ...string) []*outage.Backend {
	t.Helper()
	store := e2e.NumberedStore(t)
	proxies := toxiproxy.Start(t)
	var backends []*outage.Backend
	for _, way := range ways {
		backends = append(backends, outage.NewBackend(t, proxies, store, way))
	}
	return backends
}

// mixture returns a client that requests pictures from url, of which half are cached.
func mixture(t *testing.T, url string, pictures int) *outage.Mix {
	t.Helper()
	m := &outage.Mix{Client: outage.NewClient(url, clients), Pictures: pictures, Clients: clients}
	t.Cleanup(m.Client.Close)
	if err := m.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m
}

// Whatever happens to S3, cached pictures are served and resized to new sizes. Requests for
// other originals fail with 503 or succeed, and succeed again when S3 works again.
func TestFaultsOneByOne(t *testing.T) {
	t.Parallel()
	const pictures = 24
	backend := breakable(t, "s3")[0]
	s := e2e.Serve(t, append(shortTimeouts(), "--source", "/="+backend.Source(), "--cache", t.TempDir(), "--hot", "64KiB")...)
	m := mixture(t, s.URL, pictures)
	for _, fault := range outage.Faults() {
		t.Run(fault.Name, func(t *testing.T) {
			e2e.Must(t, backend.Break(fault))
			tally := askAll(t, m)
			e2e.Must(t, backend.Restore())
			if !fault.Answers && tally.Count(outage.Unseen, http.StatusOK) > 0 {
				t.Errorf("the fault is none")
			}
			wantHonest(t, tally)
			wantRecovery(t, m)
		})
	}
}

// askAll requests some pictures of each kind.
func askAll(t *testing.T, m *outage.Mix) *outage.Tally {
	t.Helper()
	var tally outage.Tally
	var all sync.WaitGroup
	ask := func(seed uint64, times int, kind outage.Kind, next func(*rand.Rand) outage.Request) {
		all.Go(func() {
			random := rand.New(rand.NewPCG(seed, 5))
			for range times {
				request := next(random)
				tally.Add(kind, request, m.Client.Get(t.Context(), request.Path))
			}
		})
	}
	ask(0, 50, outage.Hit, m.Hit)
	ask(0, 20, outage.NewSize, m.NewSize)
	for seed := range uint64(6) {
		ask(seed, 2, outage.Unseen, m.Unseen)
	}
	all.Wait()
	return &tally
}

// wantHonest checks that no answer is wrong, that requests for cached originals succeed,
// and that all others get 200 or 503.
func wantHonest(t *testing.T, tally *outage.Tally) {
	t.Helper()
	for _, what := range slices.Concat(tally.Wrong(), tally.Failed()) {
		t.Error(what)
	}
	for _, status := range tally.Statuses(outage.Unseen) {
		if status != http.StatusOK && status != http.StatusServiceUnavailable {
			t.Errorf("%d answers of status %d for what was never seen", tally.Count(outage.Unseen, status), status)
		}
	}
	if t.Failed() {
		tally.Print(os.Stderr)
	}
}

// wantRecovery waits until misses succeed again and logs how long that took.
func wantRecovery(t *testing.T, m *outage.Mix) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), e2e.Limit)
	defer cancel()
	took, err := m.Recovery(ctx)
	if err != nil {
		t.Error(err)
	}
	t.Logf("misses work again after %v", took.Round(time.Millisecond))
}

// Random faults, under load.
func TestFaultsMixed(t *testing.T) {
	t.Parallel()
	const pictures = e2e.NumberedPictures
	backend := breakable(t, "s3")[0]
	s := e2e.Serve(t, append(shortTimeouts(), "--source", "/="+backend.Source(), "--cache", t.TempDir(), "--hot", "256KiB")...)
	faultsMixed(t, backend, s.URL, pictures)
}

// The same, with a real nginx that sends the files.
func TestFaultsMixedBehindNginx(t *testing.T) {
	t.Parallel()
	const pictures = 100
	backend, cache := breakable(t, "s3")[0], t.TempDir()
	s := e2e.Serve(t, append(shortTimeouts(), "--source", "/="+backend.Source(), "--cache", cache, "--accel", "/cache/")...)
	faultsMixed(t, backend, e2e.Nginx(t, s, cache, nil), pictures)
}

func faultsMixed(t *testing.T, backend *outage.Backend, url string, pictures int) {
	const requests, while = 600, 200 * time.Millisecond
	m := mixture(t, url, pictures)
	ctx, cancel := context.WithTimeout(t.Context(), e2e.Limit)
	defer cancel()
	var happened []string
	var broke error
	var storm sync.WaitGroup
	storm.Go(func() { happened, broke = outage.Storm(ctx, 1, while, outage.Faults(), backend) })
	tally := m.RunCount(ctx, requests)
	if ctx.Err() != nil {
		t.Errorf("%d requests took more than %v", requests, e2e.Limit)
	}
	cancel()
	storm.Wait()
	e2e.Must(t, broke)
	wantHonest(t, tally)
	wantRecovery(t, m)
	t.Logf("%q", happened)
	tally.Print(os.Stderr)
	// What was never seen may be had between two faults, or not: that it can be had
	// afterwards is what counts.
	for _, kind := range []outage.Kind{outage.Hit, outage.NewSize} {
		if tally.Count(kind, http.StatusOK) == 0 {
			t.Errorf("%s: no answer is a picture", kind)
		}
	}
}
