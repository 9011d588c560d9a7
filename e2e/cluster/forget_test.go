package cluster

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/thumbery/thumbery/e2e"
	"github.com/thumbery/thumbery/internal/testkit/cluster"
	"github.com/thumbery/thumbery/internal/testkit/minio"
	"github.com/thumbery/thumbery/internal/testkit/outage"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// reader requests the pictures of a node over and over, and remembers when it got the old ones
// last.
type reader struct {
	address atomic.Pointer[string]
	mu      sync.Mutex
	first   time.Time // the first answer since the node was started
	old     [3]time.Time
	fresh   [3]bool // the last answer had the new picture
	again   int     // answers with the old picture after one with the new
}

const forgetPath = "/60x/p/%d.jpg"

// read sends one request for each picture.
func (r *reader) read() {
	for i := range r.old {
		answer, err := e2e.Do(http.MethodGet, "http://"+*r.address.Load()+fmt.Sprintf(forgetPath, i))
		if err != nil || answer.Status != http.StatusOK {
			continue // it is down, or stops
		}
		_, height, err := e2e.DecodeSize(answer.Body)
		r.mu.Lock()
		if r.first.IsZero() {
			r.first = time.Now()
		}
		switch isNew := height == newHeight; {
		case err != nil:
		case isNew:
			r.fresh[i] = true
		case r.fresh[i]:
			r.again++
		default:
			r.old[i] = time.Now()
		}
		r.mu.Unlock()
	}
}

// The pictures have 60 pixels in width, and then 40 or 20 in height.
const newHeight = 20

// isFresh reports that a picture was new the last time.
func (r *reader) isFresh(picture int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fresh[picture]
}

// What one node forgets, by a DELETE, a bucket notification or a purge, all nodes forget, also
// one that was killed before and is started again at another address. No answer has the old
// picture after one that had the new.
func TestForgetOnAllNodes(t *testing.T) {
	t.Parallel()
	pinned.NotShort(t)
	const bucket, secret = "pictures", "a-secret-of-some-length"
	store := minio.Start(t)
	store.MakeBucket(t, bucket)
	put := func(picture, height int) {
		store.Put(t, bucket, fmt.Sprintf("p/%d.jpg", picture), outage.Picture(picture, 120, height))
	}
	other := pinned.MustFreeAddress(t)
	c := cluster.Start(t, cluster.Config{Binary: e2e.Binary, Store: store, Bucket: bucket, Nodes: 3, Args: func(_ *cluster.Node, all []*cluster.Node) []string {
		peers := []string{"http://" + other}
		for _, n := range all {
			peers = append(peers, "http://"+n.Admin)
		}
		return []string{"--peers", strings.Join(peers, ","), "--hook-secret", secret, "--no-sync"}
	}})
	for i := range 3 {
		put(i, 80)
	}
	e2e.Notify(t, store, bucket, "p/1", "http://"+c.Nodes[1].Admin, secret)
	var readers [3]*reader
	for i, n := range c.Nodes {
		readers[i] = &reader{}
		readers[i].address.Store(&n.Public)
		readers[i].read()
	}
	e2e.Eventually(t, "all nodes hear from each other", func() bool {
		sum, err := c.Sum(t.Context(), `thumbery_peers{state="reachable"}`)
		return err == nil && sum == 6
	})

	stop := make(chan struct{})
	var reading sync.WaitGroup
	for _, r := range readers {
		reading.Go(func() {
			for pace := time.Tick(10 * time.Millisecond); ; r.read() {
				select {
				case <-stop:
					return
				case <-pace:
				}
			}
		})
	}
	down := c.Nodes[2]
	down.Kill()
	put(0, 40)
	_, err := c.Nodes[0].Ask(t.Context(), http.MethodDelete, "/cache/p/0.jpg")
	e2e.Must(t, err)
	deleted := time.Now()
	put(1, 40)
	notified := time.Now()
	put(2, 40)
	if out, status := e2e.Purge(t, "--cache", c.Nodes[0].Cache, "--source", "p/2.jpg"); status != 0 {
		t.Fatalf("%d %s", status, out)
	}
	purged := time.Now()
	awaitFresh := func(r *reader) {
		e2e.Eventually(t, "all pictures are new", func() bool { return r.isFresh(0) && r.isFresh(1) && r.isFresh(2) })
	}
	for i, r := range readers[:2] {
		awaitFresh(r)
		for picture, since := range []time.Time{deleted, notified, purged} {
			t.Logf("node %d had the old picture %d for the last time %v after it was forgotten", i+1, picture, r.old[picture].Sub(since).Round(time.Millisecond))
		}
	}

	readers[2].mu.Lock()
	readers[2].first, readers[2].old = time.Time{}, [3]time.Time{}
	readers[2].mu.Unlock()
	down.Admin, down.Public = other, pinned.MustFreeAddress(t)
	readers[2].address.Store(&down.Public)
	down.Start(t)
	awaitFresh(readers[2])
	for picture, last := range readers[2].old {
		t.Logf("node 3 had the old picture %d for the last time %v after its first answer", picture, max(0, last.Sub(readers[2].first)).Round(time.Millisecond))
	}
	// What the node forgets that has another address now, the others forget, too.
	for i := range 3 {
		store.Put(t, bucket, fmt.Sprintf("p/%d.jpg", i), outage.Picture(i, 120, 40))
	}
	_, err = down.Ask(t.Context(), http.MethodDelete, "/cache/p/0.jpg")
	e2e.Must(t, err)
	e2e.Eventually(t, "the others have heard", func() bool {
		sum, err := c.Nodes[0].Sum(t.Context(), `thumbery_invalidations_total{source="peer"}`)
		return err == nil && sum >= 2
	})
	close(stop)
	reading.Wait()
	for i, r := range readers {
		for range laterReads {
			r.read()
		}
		if r.again > 0 {
			t.Errorf("node %d: %d answers with an old picture after the new one", i+1, r.again)
		}
	}
}

// laterReads is how often each node is asked for all three pictures when all is over.
const laterReads = 100
