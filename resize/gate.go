package resize

import (
	"container/list"
	"context"
	"sync"
)

// Gate admits work so that neither processors nor memory are overcommitted: at
// most so many pictures at once, and at most so many pixels in all of them
// together, as Plan.Cost counts them. It is first come, first served, but for the
// heavy pictures, those of more than an eighth of all pixels: they never have the last
// worker, if there are several, and a quarter more pixels is kept for light pictures,
// which overtake heavy ones that wait: requests for heavy pictures do not hold up all
// others. Background work has a queue of its own, which moves while the other is
// empty. It is safe for use by several goroutines.
type Gate struct {
	workers   int
	maxPixels int64
	queue     int

	mu      sync.Mutex
	running int
	late    int // of those running, entered by EnterLast
	heavies int // of those running, heavy
	entered uint64
	light   int64     // pixels of light pictures that are running
	heavy   int64     // the same, of heavy ones
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

// Like returns another gate for as many workers, with a queue as long, and any number
// of pixels.
func (g *Gate) Like() *Gate { return NewGate(g.workers, 0, g.queue) }

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

// Background returns how many of those being worked on came by EnterLast.
func (g *Gate) Background() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.late
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
	place := queue.PushBack(e)
	g.admit()
	switch {
	case e.isAdmitted():
		return nil, nil
	case !e.last && queue.Len() > g.places():
		queue.Remove(place)
		return nil, ErrBusy
	}
	return place, nil
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
	if e.isAdmitted() { // in the same moment: give it back
		g.give(e)
	} else {
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

// admit lets in whoever is first, as long as there is room, and the light pictures
// behind a heavy one.
func (g *Gate) admit() {
	if g.admitFrom(&g.waiting) {
		g.admitFrom(&g.patient)
	}
}

// admitFrom reports that nobody is left in the queue.
func (g *Gate) admitFrom(queue *list.List) bool {
	overtaking := false
	for place := queue.Front(); place != nil && g.running < g.workers; {
		e, next := place.Value.(*entrant), place.Next()
		switch {
		case g.fits(e, overtaking):
			queue.Remove(place)
			g.take(e)
			close(e.admitted)
		case g.isHeavy(e) && !e.last:
			overtaking = true
		default:
			return false
		}
		place = next
	}
	return queue.Len() == 0
}

func (e *entrant) isAdmitted() bool {
	select {
	case <-e.admitted:
		return true
	default:
		return false
	}
}

func (g *Gate) isHeavy(e *entrant) bool { return g.maxPixels > 0 && e.pixels > g.maxPixels/8 }

// fits reports that there is room for e, where it overtakes others or not.
func (g *Gate) fits(e *entrant, overtakes bool) bool {
	kept := g.maxPixels / 4 // for light pictures
	switch {
	case g.running >= g.workers || e.last && g.late >= g.Last():
		return false
	case g.maxPixels <= 0:
		return true
	case g.isHeavy(e):
		return !overtakes && g.heavies < max(1, g.workers-1) && e.pixels <= g.maxPixels-g.heavy-max(0, g.light-kept)
	}
	return e.pixels <= kept-g.light || !overtakes && e.pixels <= g.maxPixels-g.heavy-g.light
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
	if e.last {
		g.late += by
	}
	if g.isHeavy(e) {
		g.heavies += by
		g.heavy += int64(by) * e.pixels
	} else {
		g.light += int64(by) * e.pixels
	}
}
