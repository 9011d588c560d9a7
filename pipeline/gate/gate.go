// Package gate admits work by its weight, so that neither processors, memory nor the
// network are overcommitted. The weight of a picture is the estimated memory of making
// it, in units of one decoded pixel of four bytes (resize.Plan.Cost); a fetch has weight 1.
package gate

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/thumbery/thumbery/internal/failure"
)

var (
	// ErrBusy means that the queue of a gate is full: the work may be tried again later.
	ErrBusy = failure.New(failure.Busy, "too busy")
	// ErrWaited is an ErrBusy, for callers of Enter with a time limit of their own: the work
	// was not admitted in time.
	ErrWaited = fmt.Errorf("%w: it waited too long", ErrBusy)
)

// Gate admits at most a number of workers at once, and at most a total weight. It is
// first come, first served, but a few heavy pictures must not hold up all other requests:
// heavy work, of more than an eighth of the total weight, never gets the last of several
// workers, and light work may overtake it in the queue, and has a quarter of the total
// besides. Background work has a queue of its own, which is served only while no request is
// queued. A Gate is safe for use by several goroutines.
type Gate struct {
	workers    int
	maxWeight  int64
	queueLimit int
	dedicated  bool

	mu                sync.Mutex
	running           int
	backgroundRunning int // included in running
	heavyRunning      int // included in running
	entered           uint64
	lightWeight       int64      // of the light work that is running
	heavyWeight       int64      // of the heavy work that is running
	requests          []*entrant // that wait, the first to come in front
	background        []*entrant // the same, of EnterBackground
}

// entrant waits until admitted is closed, which happens under the gate's lock.
type entrant struct {
	weight     int64
	background bool
	admitted   chan struct{}
}

// New returns a gate that admits up to workers (at least 1) at once, with a total weight
// of up to maxWeight (0 or less: no limit). At most queue requests wait.
func New(workers int, maxWeight int64, queue int) *Gate {
	return &Gate{workers: max(workers, 1), maxWeight: maxWeight, queueLimit: max(queue, 0)}
}

// NewDedicated returns a gate for a process that serves no requests. With nobody to give
// way to, EnterBackground is Enter there.
func NewDedicated(workers int, maxWeight int64, queue int) *Gate {
	g := New(workers, maxWeight, queue)
	g.dedicated = true
	return g
}

// Dedicated reports that the gate is one of NewDedicated.
func (g *Gate) Dedicated() bool { return g.dedicated }

// Unweighted returns a new gate with the same number of workers, the same length of
// the queue and no limit of weight.
func (g *Gate) Unweighted() *Gate {
	return &Gate{workers: g.workers, queueLimit: g.queueLimit, dedicated: g.dedicated}
}

// Enter waits until work of that weight is admitted. The weight is raised to at least
// 1 and reduced to the gate's maximum, so that work heavier than that is not refused
// but runs alone. The caller must call leave when the work is done; calling it again
// does nothing.
//
// The error is ErrBusy, at once, if the queue is full, and that of ctx if ctx ends
// first, which frees the place in the queue. A ctx that has ended is never admitted.
func (g *Gate) Enter(ctx context.Context, weight int64) (leave func(), err error) {
	return g.enter(ctx, weight, false)
}

// EnterBackground is Enter with low priority, for work that no request waits for. It is
// admitted only when no request is queued, and at most MaxBackground such works run at
// once. A request that comes later does not interrupt it: with one worker, that request
// waits for all of it. ErrBusy is never returned; the caller bounds how many wait.
func (g *Gate) EnterBackground(ctx context.Context, weight int64) (leave func(), err error) {
	return g.enter(ctx, weight, !g.dedicated)
}

func (g *Gate) enter(ctx context.Context, weight int64, background bool) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e := &entrant{max(weight, 1), background, make(chan struct{})}
	if g.maxWeight > 0 {
		e.weight = min(e.weight, g.maxWeight)
	}
	if err := g.enqueue(e); err != nil {
		return nil, err
	}
	select {
	case <-e.admitted:
		return sync.OnceFunc(func() { g.leave(e) }), nil
	case <-ctx.Done():
		g.leave(e)
		return nil, ctx.Err()
	}
}

// Full reports whether Enter would return ErrBusy after that many other requests entered
// first.
func (g *Gate) Full(coming int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.requests)+coming >= g.queueSlots() && (len(g.requests) > 0 || g.running >= g.workers)
}

// queueSlots is how many requests may wait. Each background work that runs adds one, so
// that no request is refused because of background work.
func (g *Gate) queueSlots() int { return g.queueLimit + g.backgroundRunning }

// Load returns how many works are running, those of the background included, and how
// many requests are queued.
func (g *Gate) Load() (running, queued int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.running, len(g.requests)
}

// Background returns how many of the running works entered by EnterBackground.
func (g *Gate) Background() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.backgroundRunning
}

// Entered returns how many requests Enter has admitted so far.
func (g *Gate) Entered() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.entered
}

// MaxWeight returns the largest weight of all running works together; 0 is no limit.
func (g *Gate) MaxWeight() int64 { return max(g.maxWeight, 0) }

// LeastHeavy is the least weight that makes work heavy, for work that takes long however
// little memory it needs; without a limit of weight nothing is heavy.
func (g *Gate) LeastHeavy() int64 { return g.MaxWeight()/8 + 1 }

// MaxBackground returns how many background works may run at once: half of the workers,
// rounded down, but at least one.
func (g *Gate) MaxBackground() int { return max(1, g.workers/2) }

// enqueue puts e into its queue, and admits it if it may be. The error is ErrBusy.
func (g *Gate) enqueue(e *entrant) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	queue := g.queueOf(e)
	*queue = append(*queue, e)
	g.admit()
	if !e.background && len(g.requests) > g.queueSlots() && !e.isAdmitted() {
		g.requests = g.requests[:len(g.requests)-1]
		return ErrBusy
	}
	return nil
}

func (g *Gate) queueOf(e *entrant) *[]*entrant {
	if e.background {
		return &g.background
	}
	return &g.requests
}

// leave ends the work or the waiting of e.
func (g *Gate) leave(e *entrant) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if e.isAdmitted() {
		g.count(e, -1)
	} else {
		queue := g.queueOf(e)
		*queue = slices.DeleteFunc(*queue, func(other *entrant) bool { return other == e })
	}
	g.admit()
}

// admit admits what is queued as far as there is room, requests first.
func (g *Gate) admit() {
	if g.admitFrom(&g.requests) {
		g.admitFrom(&g.background)
	}
}

// admitFrom reports that the queue is empty afterwards.
func (g *Gate) admitFrom(queue *[]*entrant) bool {
	overtaking := false
	for i := 0; i < len(*queue) && g.running < g.workers; {
		switch e := (*queue)[i]; {
		case g.fits(e, overtaking):
			*queue = slices.Delete(*queue, i, i+1)
			g.count(e, 1)
			if !e.background {
				g.entered++
			}
			close(e.admitted)
		case g.isHeavy(e) && !e.background:
			overtaking = true
			i++
		default:
			return false
		}
	}
	return len(*queue) == 0
}

func (e *entrant) isAdmitted() bool {
	select {
	case <-e.admitted:
		return true
	default:
		return false
	}
}

func (g *Gate) isHeavy(e *entrant) bool { return g.maxWeight > 0 && e.weight >= g.LeastHeavy() }

// fits reports whether there is room for e. overtakes says that heavy work is queued in
// front of it.
func (g *Gate) fits(e *entrant, overtakes bool) bool {
	reserved := g.maxWeight / 4 // for light work
	switch {
	case g.running >= g.workers || e.background && g.backgroundRunning >= g.MaxBackground():
		return false
	case g.maxWeight <= 0:
		return true
	case g.isHeavy(e):
		return !overtakes && g.heavyRunning < max(1, g.workers-1) && e.weight <= g.maxWeight-g.heavyWeight-max(0, g.lightWeight-reserved)
	}
	return e.weight <= reserved-g.lightWeight || !overtakes && e.weight <= g.maxWeight-g.heavyWeight-g.lightWeight
}

// count adds e to the running work, or with by = -1 removes it.
func (g *Gate) count(e *entrant, by int) {
	g.running += by
	if e.background {
		g.backgroundRunning += by
	}
	if g.isHeavy(e) {
		g.heavyRunning += by
		g.heavyWeight += int64(by) * e.weight
	} else {
		g.lightWeight += int64(by) * e.weight
	}
}
