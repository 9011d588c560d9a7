package balancer

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/thumbery/thumbery/internal/testkit/outage"
)

// variants are the URLs of a numbered picture in four sizes, as paths with its key: plain,
// signed, with other options, and with a query. They are so small that a node sends
// each answer by one system call: none is cut off in the middle.
var variants = []struct {
	format        string
	width, height int
}{
	{"/48x32/%s", 48, 32}, {"/s.k1.AbC_-9/60x40,fit_fill/%s", 60, 40}, {"/72x48,q_60/%s", 72, 48}, {"/84x56/%s?a=/b/c", 84, 56},
}

// Variants is in how many sizes Tour and Load request each picture.
const Variants = 4

func request(n, variant int) outage.Request {
	v := variants[variant]
	return outage.Request{Path: fmt.Sprintf(v.format, outage.Key(n)), Number: n, Width: v.width, Height: v.height}
}

// Failure is an answer that is not the picture.
type Failure struct {
	Sent   time.Time
	Status int // 0 if none came whole
	Err    error
}

// Tour is what came of requesting every variant of every picture.
type Tour struct {
	Answers, Hits int
	Failures      []Failure
	// Slow is how many answers took more than a second, and Slowest how long the slowest took.
	Slow    int
	Slowest time.Duration
	// Places are the nodes that served the pictures, by their number.
	Places []int
	// Split is how many answers came from another node than the first one for that picture.
	Split int

	mu sync.Mutex
}

// Tour requests every variant of the pictures 0 to pictures-1 of package outage, in random
// order, by so many clients at once.
func (b *Balancer) Tour(ctx context.Context, pictures, clients int) *Tour {
	client := outage.NewClient("http://"+b.Address, clients)
	defer client.Close()
	tour := &Tour{Places: make([]int, pictures)}
	for n := range tour.Places {
		tour.Places[n] = -1
	}
	next := make(chan outage.Request)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for r := range next {
				sent := time.Now()
				b.count(tour, r, sent, client.Get(ctx, r.Path))
			}
		})
	}
	for _, i := range rand.Perm(pictures * Variants) {
		next <- request(i/Variants, i%Variants)
	}
	close(next)
	all.Wait()
	return tour
}

// Where requests a picture once, and returns the node that served it, or -1.
func (b *Balancer) Where(ctx context.Context, n int) int {
	client := outage.NewClient("http://"+b.Address, 1)
	defer client.Close()
	return b.Server(client.Get(ctx, request(n, 0).Path).Header.Get("X-Served-By"))
}

func (b *Balancer) count(tour *Tour, r outage.Request, sent time.Time, a outage.Answer) {
	err := check(r, a)
	tour.mu.Lock()
	defer tour.mu.Unlock()
	tour.Answers++
	tour.Slowest = max(tour.Slowest, a.Took)
	if a.Took > time.Second {
		tour.Slow++
	}
	if err != nil {
		tour.Failures = append(tour.Failures, Failure{sent, a.Status, err})
		return
	}
	if strings.HasPrefix(a.Header.Get("Cache-Status"), "thumbery;hit") {
		tour.Hits++
	}
	switch at := b.Server(a.Header.Get("X-Served-By")); tour.Places[r.Number] {
	case -1:
		tour.Places[r.Number] = at
	case at:
	default:
		tour.Split++
	}
}

// check returns what is wrong with an answer, which must be the picture.
func check(r outage.Request, a outage.Answer) error {
	if err := r.Check(a); err != nil || a.Status == http.StatusOK {
		return err
	}
	return fmt.Errorf("%s: %d %.200s", r.Path, a.Status, a.Body)
}

// Share is how many of the pictures are on a node.
func (t *Tour) Share(node int) (n int) {
	for _, at := range t.Places {
		if at == node {
			n++
		}
	}
	return n
}

// Busiest is the node with most pictures.
func (t *Tour) Busiest() (node int) {
	for _, at := range t.Places {
		if t.Share(at) > t.Share(node) {
			node = at
		}
	}
	return node
}

// Moved counts the pictures that are at another node than in an earlier tour; wrong are those
// among them that neither left the node from nor came to the node to.
func (t *Tour) Moved(before *Tour, from, to int) (moved, wrong int) {
	for n, at := range t.Places {
		if at == before.Places[n] {
			continue
		}
		moved++
		if before.Places[n] != from && at != to {
			wrong++
		}
	}
	return moved, wrong
}

// Load is a number of requests each second, in the background.
type Load struct {
	cancel context.CancelFunc
	ended  chan struct{}
	tour   *Tour
}

// Load requests random variants of the pictures, so many each second, until it is stopped.
func (b *Balancer) Load(ctx context.Context, pictures int, rate float64) *Load {
	within, cancel := context.WithCancel(ctx)
	l := &Load{cancel: cancel, ended: make(chan struct{}), tour: &Tour{Places: make([]int, pictures)}}
	client := outage.NewClient("http://"+b.Address, 64)
	go func() {
		defer close(l.ended)
		defer client.Close()
		outage.Offer(within, rate, 24*time.Hour, func() func() {
			r := request(rand.IntN(pictures), rand.IntN(Variants))
			return func() {
				sent := time.Now()
				b.count(l.tour, r, sent, client.Get(ctx, r.Path))
			}
		})
	}()
	return l
}

// Stop ends the load, waits for the last answers, and returns what came of it.
func (l *Load) Stop() *Tour {
	l.cancel()
	<-l.ended
	return l.tour
}

// String is the number of failures, with the first of each status.
func String(failures []Failure) string {
	text := fmt.Sprint(len(failures), " failed")
	seen := map[int]bool{}
	for _, f := range failures {
		if !seen[f.Status] {
			text += fmt.Sprintf("; %v (%v)", f.Status, cmp.Or(f.Err, context.Canceled))
			seen[f.Status] = true
		}
	}
	return text
}
