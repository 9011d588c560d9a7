package outage

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Mix sends requests of all kinds. The first half of the pictures is cached.
type Mix struct {
	Client   *Client
	Pictures int // how many there are
	Clients  int // how many ask at once

	hits   []Request
	sums   sync.Map     // of originals, by number: each takes milliseconds
	unseen atomic.Int64 // makes names that were never used
}

const hitWidth, hitHeight = 120, 80

// pause is the time before a refused request is repeated.
const pause = 20 * time.Millisecond

// warmLimit is how long it may take to have a picture cached: servers under test have short
// time-outs, which a busy machine exceeds.
const warmLimit = 2 * time.Minute

// Warm has the first half of the pictures cached.
func (m *Mix) Warm(ctx context.Context) error {
	m.hits = make([]Request, m.Pictures/2)
	errs := make([]error, m.Clients)
	var all sync.WaitGroup
	for worker := range m.Clients {
		all.Go(func() {
			for n := worker; n < len(m.hits) && errs[worker] == nil; n += m.Clients {
				m.hits[n], errs[worker] = m.warm(ctx, Sized(n, hitWidth, hitHeight, ""))
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// warm requests a picture until it comes, and returns the request with the checksum of the
// answer.
func (m *Mix) warm(ctx context.Context, w Request) (Request, error) {
	ctx, cancel := context.WithTimeout(ctx, warmLimit)
	defer cancel()
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		a := m.Client.Get(ctx, w.Path)
		if err := w.Check(a); err != nil {
			return w, err
		}
		if a.Status == http.StatusOK {
			w.Sum = sum(a.Body)
			return w, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return w, fmt.Errorf("%s: %d %.300s", w.Path, a.Status, a.Body)
		}
	}
}

// Run sends requests until ctx ends, waits for the last answers, and counts them all.
func (m *Mix) Run(ctx context.Context) *Tally {
	return m.run(ctx, func() bool { return ctx.Err() == nil })
}

// RunCount sends so many requests, or fewer if ctx ends before, waits for the answers, and
// counts them all.
func (m *Mix) RunCount(ctx context.Context, count int64) *Tally {
	var sent atomic.Int64
	return m.run(ctx, func() bool { return ctx.Err() == nil && sent.Add(1) <= count })
}

func (m *Mix) run(ctx context.Context, more func() bool) *Tally {
	var tally Tally
	var all sync.WaitGroup
	for worker := range m.Clients {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 2))
			for more() {
				kind, request := m.next(random)
				tally.Add(kind, request, m.Client.Get(context.WithoutCancel(ctx), request.Path))
			}
		})
	}
	all.Wait()
	return &tally
}

// next is a random request: half of them are hits, so that every fault meets many.
func (m *Mix) next(random *rand.Rand) (Kind, Request) {
	switch random.IntN(4) {
	case 0:
		return Unseen, m.Unseen(random)
	case 1:
		return NewSize, m.NewSize(random)
	default:
		return Hit, m.Hit(random)
	}
}

// Hit is a request for a cached derivative.
func (m *Mix) Hit(random *rand.Rand) Request { return m.hits[random.IntN(len(m.hits))] }

// OfferHits sends requests for hits as Offer does and adds the answers to took.
func (m *Mix) OfferHits(ctx context.Context, rate float64, d time.Duration, took *Took) {
	random := rand.New(rand.NewPCG(12, 12))
	Offer(ctx, rate, d, func() func() {
		path := m.Hit(random).Path
		return func() { took.Add(m.Client.Get(context.WithoutCancel(ctx), path)) }
	})
}

// NewSize is a request for a new size of a cached original.
func (m *Mix) NewSize(random *rand.Rand) Request {
	options := fmt.Sprintf(",fit_fill,q_%d", 40+random.IntN(60)) // no cell is cut off
	return Sized(random.IntN(len(m.hits)), 60+random.IntN(200), 40+random.IntN(150), options)
}

// Unseen is a request for an original that must be fetched: one of the second half, with a
// new version. One in four is for the original itself.
func (m *Mix) Unseen(random *rand.Rand) Request {
	n := len(m.hits) + random.IntN(m.Pictures-len(m.hits))
	options := fmt.Sprintf(",v_%d", m.unseen.Add(1))
	if random.IntN(4) == 0 {
		return Request{Path: "/raw" + options + "/" + Key(n), Number: n, Sum: m.original(n)}
	}
	return Sized(n, hitWidth, hitHeight, options)
}

func (m *Mix) original(n int) string {
	known, ok := m.sums.Load(n)
	if !ok {
		known, _ = m.sums.LoadOrStore(n, sum(Picture(n, Width, Height)))
	}
	return known.(string)
}

// Recovery sends requests that need a fetch until some succeed in a row. It returns how
// long it took until the first of these, or what was wrong.
func (m *Mix) Recovery(ctx context.Context) (time.Duration, error) {
	const row = 20
	began := time.Now()
	random := rand.New(rand.NewPCG(3, 3))
	tick := time.NewTicker(pause)
	defer tick.Stop()
	var since time.Duration
	for came := 0; came < row; {
		request := m.Unseen(random)
		at := time.Since(began)
		a := m.Client.Get(ctx, request.Path)
		if err := request.Check(a); err != nil {
			return 0, err
		}
		if a.Status == http.StatusOK {
			if came == 0 {
				since = at + a.Took
			}
			came++
			continue
		}
		came = 0
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0, fmt.Errorf("misses do not work again: %d %.300s: %w", a.Status, a.Body, ctx.Err())
		}
	}
	return since, nil
}

// Storm breaks a backend with faults in random order, each for a while, until ctx ends;
// then it restores it. It returns the names of the faults.
func Storm(ctx context.Context, seed uint64, while time.Duration, faults []Fault, backend *Backend) (happened []string, err error) {
	random := rand.New(rand.NewPCG(seed, 4))
	var order []int
	tick := time.NewTicker(while)
	defer tick.Stop()
	for ctx.Err() == nil {
		if len(order) == 0 {
			order = random.Perm(len(faults))
		}
		fault := faults[order[0]]
		order = order[1:]
		happened = append(happened, fault.Name)
		if err := backend.Break(fault); err != nil {
			return happened, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	return happened, backend.Restore()
}
