package resize

import (
	"container/list"
	"context"
	"sync"
)

// Gate admits work so that neither processors nor memory are overcommitted: at
// most so many pictures at once, and at most so many pixels in all of them
// together, as Plan.Cost counts them. It is first come, first served: a large
// picture at the head of the queue waits for room, and nobody overtakes it. What
// nobody waits for has a queue of its own, which moves while the other is empty. It
// is safe for use by several goroutines.
type Gate struct {
	workers   int
	maxPixels int64
	queue     int

	mu      sync.Mutex
	running int
	late    int // of those running, entered by EnterLast
	entered uint64
	pixels  int64
	waiting list.List // of *entrant, the first to come in front
	patient list.List // the same, of EnterLast
}

// entrant waits until admitted is closed, which happens under the gate's lock.
type entrant struct {
	pixels   int64
	last     bool
	admitted chan struct{}
}

// NewGate returns a gate for workers pictures (at least 1) of maxPixels
// together (0 or less is no limit), where at most queue others wait.
func NewGate(workers int, maxPixels int64, queue int) *Gate {
	return &Gate{workers: max(workers, 1), maxPixels: maxPixels, queue: max(queue, 0)}
}

// Enter waits for admission of a picture of so many pixels, counting at least 1
// and at most the gate's limit: a picture that weighs more is not refused here,
// which is NewPlan's to do, but enters alone. The caller calls leave when the work
// is done; calling it again does nothing.
//
// The errors are ErrBusy at once if the queue is full, and ctx's own if it ends
// first, which frees the place in the queue. A ctx that is done already is never
// admitted.
func (g *Gate) Enter(ctx context.Context, pixels int64) (leave func(), err error) {
	return g.enter(ctx, &entrant{pixels: pixels, admitted: make(chan struct{})})
}

// EnterLast is Enter for work that nobody waits for. It is admitted when nobody
// waits who came by Enter, first come, first served; and at most half of the
// workers, rounded down, but at least one, do such work at once. What is being
// worked on is not interrupted for those who come then: with one worker they wait
// for all of it. It is never ErrBusy; the caller bounds how many wait.
func (g *Gate) EnterLast(ctx context.Context, pixels int64) (leave func(), err error) {
	return g.enter(ctx, &entrant{pixels: pixels, last: true, admitted: make(chan struct{})})
}

func (g *Gate) enter(ctx context.Context, e *entrant) (leave func(), err error) {
	e.pixels = max(e.pixels, 1)
	if g.maxPixels > 0 {
		e.pixels = min(e.pixels, g.maxPixels)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	place, err := g.lineUp(e)
	if err != nil {
		return nil, err
	}
	if place != nil {
		if err := g.wait(ctx, place); err != nil {
			return nil, err
		}
	}
	return sync.OnceFunc(func() { g.leave(e) }), nil
}

// Full reports that Enter would refuse now, if so many others who are on their way
// came first.
func (g *Gate) Full(coming int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.waiting.Len()+coming >= g.places() && (g.waiting.Len() > 0 || g.running >= g.workers)
}

// places are those in the queue of Enter. Who waits as somebody entered last is not
// refused for that.
func (g *Gate) places() int { return g.queue + g.late }

// Load returns how many pictures are being worked on and how many wait. Those of
// EnterLast count while they are worked on; nobody cares how many of them wait.
func (g *Gate) Load() (running, waiting int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.running, g.waiting.Len()
}

// Entered returns how many Enter has admitted so far.
func (g *Gate) Entered() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.entered
}

// Room returns how many pixels there may be in all pictures together; 0 is no limit.
func (g *Gate) Room() int64 { return max(g.maxPixels, 0) }

// Last returns how many EnterLast admits at once at most.
func (g *Gate) Last() int { return max(1, g.workers/2) }

// lineUp admits at once, and then returns nil, or takes a place in a queue.
func (g *Gate) lineUp(e *entrant) (*list.Element, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	queue := g.queueOf(e)
	switch {
	case g.waiting.Len() == 0 && queue.Len() == 0 && g.fits(e):
		g.take(e)
		return nil, nil
	case !e.last && queue.Len() >= g.places():
		return nil, ErrBusy
	}
	return queue.PushBack(e), nil
}

func (g *Gate) queueOf(e *entrant) *list.List {
	if e.last {
		return &g.patient
	}
	return &g.waiting
}

func (g *Gate) wait(ctx context.Context, place *list.Element) error {
	e := place.Value.(*entrant)
	select {
	case <-e.admitted:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-e.admitted: // in the same moment: give it back
		g.give(e)
	default:
		g.queueOf(e).Remove(place)
	}
	g.admit()
	return ctx.Err()
}

func (g *Gate) leave(e *entrant) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.give(e)
	g.admit()
}

// admit lets in whoever is first, as long as there is room.
func (g *Gate) admit() {
	for _, queue := range []*list.List{&g.waiting, &g.patient} {
		for first := queue.Front(); first != nil; first = queue.Front() {
			e := first.Value.(*entrant)
			if !g.fits(e) {
				return
			}
			queue.Remove(first)
			g.take(e)
			close(e.admitted)
		}
	}
}

func (g *Gate) fits(e *entrant) bool {
	return g.running < g.workers && (g.maxPixels <= 0 || e.pixels <= g.maxPixels-g.pixels) &&
		(!e.last || g.late < g.Last())
}

func (g *Gate) take(e *entrant) {
	g.count(e, 1)
	if !e.last {
		g.entered++
	}
}

func (g *Gate) give(e *entrant) { g.count(e, -1) }

func (g *Gate) count(e *entrant, by int) {
	g.running += by
	g.pixels += int64(by) * e.pixels
	if e.last {
		g.late += by
	}
}
