package frontcache

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thumbery/thumbery/invalidation"
	"github.com/thumbery/thumbery/variant"
)

// front is a cache in front that notes when it was asked to purge what, since the start.
type front struct {
	mu     sync.Mutex
	start  time.Time
	status int
	purges []purgeAt
}

type purgeAt struct {
	at  time.Duration
	tag string
}

func (f *front) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var tags []string
	_ = json.NewDecoder(r.Body).Decode(&tags)
	for _, tag := range tags {
		f.purges = append(f.purges, purgeAt{time.Since(f.start), tag})
	}
	w.WriteHeader(f.status)
}

func (f *front) set(status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status = status
}

// wantPurges wants these requests since its last call.
func (f *front) wantPurges(t *testing.T, want ...purgeAt) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Equal(f.purges, want) {
		t.Errorf("purged %v, want %v", f.purges, want)
	}
	f.purges = nil
}

// Of what a peer has recorded, only what this node has heard late is purged.
func TestPeers(t *testing.T) {
	t.Parallel()
	keys, _ := exampleKeys(3)
	got := tagsOf([]invalidation.Event{{Key: keys[0]}, {Key: keys[1], Relayed: true}, {Key: keys[2], Relayed: true, Late: true}})
	want := []string{string(keys[0].Name()), string(keys[2].Name())}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// node is a process with a log, in the time of a test, that purges a front.
type node struct {
	*invalidation.Log
	cache *Cache
	stop  func()
}

// startNode starts a node that takes this long to forget a picture that another process has
// recorded.
func startNode(t *testing.T, dir string, f *front, forgets time.Duration) *node {
	t.Helper()
	log, err := invalidation.New(dir, invalidation.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	c := newCache(t, Settings{URL: "http://front.example/", Body: "{{json .Tags}}"}, &seen{}, f.serve)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { log.Watch(ctx) })
	running.Go(func() { log.ApplyOthers(ctx, func(variant.Key) error { time.Sleep(forgets); return nil }) })
	running.Go(func() { c.Run(ctx, log) })
	synctest.Wait()
	return &node{log, c, func() { cancel(); running.Wait() }}
}

func (n *node) forget(t *testing.T, keys ...variant.Key) {
	t.Helper()
	if err := n.Append(t.Context(), keys...); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

func (n *node) wantBacklog(t *testing.T, events int, oldest time.Duration) {
	t.Helper()
	if gotEvents, gotOldest := n.cache.Backlog(t.Context(), n.Log); gotEvents != events || gotOldest != oldest {
		t.Errorf("%d events wait for %v, want %d for %v", gotEvents, gotOldest, events, oldest)
	}
}

// Each event is purged at once, whatever else is under way, and again a second later. It is
// done when the second is answered.
func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		keys, _ := exampleKeys(3)
		tag := func(i int) string { return string(keys[i].Name()) }
		f := &front{start: time.Now(), status: 200}
		n := startNode(t, dir, f, 0)
		n.wantBacklog(t, 0, 0)
		n.forget(t, keys[0], keys[0])
		time.Sleep(300 * time.Millisecond)
		n.forget(t, keys[1])
		n.wantBacklog(t, 3, 300*time.Millisecond)
		time.Sleep(2 * time.Second)
		const ms = time.Millisecond
		f.wantPurges(t, purgeAt{0, tag(0)}, purgeAt{300 * ms, tag(1)}, purgeAt{1000 * ms, tag(0)}, purgeAt{1300 * ms, tag(1)})
		n.wantBacklog(t, 0, 0)

		// A server that stops still sends the second request.
		n.forget(t, keys[2])
		time.Sleep(500 * time.Millisecond)
		n.stop()
		f.wantPurges(t, purgeAt{2300 * ms, tag(2)}, purgeAt{3300 * ms, tag(2)})

		// After a restart when all was answered, there is none.
		n = startNode(t, dir, f, 0)
		time.Sleep(2 * time.Second)
		f.wantPurges(t)
		n.wantBacklog(t, 0, 0)

		// After a restart before the second answer, there are two again. The server does
		// not wait for a cache that is down.
		n.forget(t, keys[2])
		f.set(503)
		stopped := time.Now()
		n.stop()
		if took := time.Since(stopped); took != 3*time.Second {
			t.Errorf("it stopped after %v", took)
		}
		f.set(200)
		f.purges = nil
		n = startNode(t, dir, f, 0)
		time.Sleep(2 * time.Second)
		n.stop()
		if len(f.purges) != 2 || f.purges[1].at-f.purges[0].at != time.Second {
			t.Errorf("purged %v", f.purges)
		}
	})
}

// What another process has recorded is purged again a second after this node has forgotten it:
// until then the cache may get the old picture from here.
func TestRunWhileForgetting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		keys, tags := exampleKeys(1)
		f := &front{start: time.Now(), status: 200}
		n := startNode(t, dir, f, time.Minute)
		defer func() { n.stop() }()
		other, err := invalidation.New(dir, invalidation.Options{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Append(t.Context(), keys[0]); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.purges) != 2 || f.purges[0].tag != tags[0] || f.purges[1].at-f.purges[0].at != time.Minute+time.Second {
			t.Errorf("purged %v", f.purges)
		}
	})
}

// While a cache is down, everything waits. When it is back, all is purged, and a second
// later again.
func TestRunWhileDown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		keys, tags := exampleKeys(250)
		f := &front{start: time.Now(), status: 503}
		n := startNode(t, dir, f, 0)
		defer func() { n.stop() }()
		n.forget(t, keys[0])
		time.Sleep(time.Minute)
		n.forget(t, keys[1:]...)
		n.wantBacklog(t, 250, time.Minute)
		f.set(200)
		f.mu.Lock()
		f.purges = nil
		f.mu.Unlock()
		time.Sleep(time.Minute)
		n.wantBacklog(t, 0, 0)
		f.mu.Lock()
		defer f.mu.Unlock()
		first, again := map[string]time.Duration{}, map[string]time.Duration{}
		for _, p := range f.purges {
			if _, twice := first[p.tag]; !twice {
				first[p.tag] = p.at
			} else {
				again[p.tag] = p.at
			}
		}
		for _, tag := range tags {
			if again[tag]-first[tag] < time.Second {
				t.Errorf("%s was purged at %v and at %v", tag, first[tag], again[tag])
			}
		}
		if len(f.purges) != 2*250 {
			t.Errorf("%d tags were purged", len(f.purges))
		}
	})
}
