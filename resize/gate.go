package resize

import (
	"container/list"
	"context"
	"sync"
)

// Gate admits work so that neither processors nor memory are overcommitted: at
// most so many pictures at once, and at most so many pixels in all of them
// together, as Plan.Cost counts them. It is first come, first served: a large picture at the head of the
// queue waits for room, and nobody overtakes it. It is safe for use by several
// goroutines.
type Gate struct {
	workers   int
	maxPixels int64
	queue     int

	mu      sync.Mutex
	running int
	pixels  int64
	waiting list.List // of *entrant, the first to come in front
}

// entrant waits until admitted is closed, which happens under the gate's lock.
type entrant struct {
	pixels   int64
	admitted chan struct{}
}

// NewGate returns a gate for workers pictures (at least 1) of maxPixels
// together (0 or less is no limit), where at most queue others wait.
func NewGate(workers int, maxPixels int64, queue int) *Gate {
	return &Gate{workers: max(workers, 1), maxPixels: maxPixels, queue: max(queue, 0)}
}

// Enter waits for admission of a picture of so many pixels, counting at least 1
// and at most the gate's limit: a picture that weighs more is not refused here,
// which is NewPlan's to do, but enters alone. The caller calls leave when the work is done; calling it again does
// nothing.
//
// The errors are ErrBusy at once if the queue is full, and ctx's own if it ends
// first, which frees the place in the queue. A ctx that is done already is never admitted.
func (g *Gate) Enter(ctx context.Context, pixels int64) (leave func(), err error) {
	pixels = max(pixels, 1)
	if g.maxPixels > 0 {
		pixels = min(pixels, g.maxPixels)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	place, err := g.lineUp(pixels)
	if err != nil {
		return nil, err
	}
	if place != nil {
		if err := g.wait(ctx, place); err != nil {
			return nil, err
		}
	}
	return sync.OnceFunc(func() { g.leave(pixels) }), nil
}

// Full reports that Enter would refuse now, if so many others who are on their way
// came first.
func (g *Gate) Full(coming int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.waiting.Len()+coming >= g.queue && (g.waiting.Len() > 0 || g.running >= g.workers)
}

// Load returns how many pictures are being worked on and how many wait.
func (g *Gate) Load() (running, waiting int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.running, g.waiting.Len()
}

// lineUp admits at once, and then returns nil, or takes a place in the queue.
func (g *Gate) lineUp(pixels int64) (*list.Element, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.waiting.Len() == 0 && g.fits(pixels) {
		g.take(pixels)
		return nil, nil
	}
	if g.waiting.Len() >= g.queue {
		return nil, ErrBusy
	}
	return g.waiting.PushBack(&entrant{pixels: pixels, admitted: make(chan struct{})}), nil
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
		g.give(e.pixels)
	default:
		g.waiting.Remove(place)
	}
	g.admit()
	return ctx.Err()
}

func (g *Gate) leave(pixels int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.give(pixels)
	g.admit()
}

// admit lets in whoever is first, as long as there is room.
func (g *Gate) admit() {
	for first := g.waiting.Front(); first != nil; first = g.waiting.Front() {
		e := first.Value.(*entrant)
		if !g.fits(e.pixels) {
			return
		}
		g.waiting.Remove(first)
		g.take(e.pixels)
		close(e.admitted)
	}
}

func (g *Gate) fits(pixels int64) bool {
	return g.running < g.workers && (g.maxPixels <= 0 || pixels <= g.maxPixels-g.pixels)
}

func (g *Gate) take(pixels int64) { g.running++; g.pixels += pixels }
func (g *Gate) give(pixels int64) { g.running--; g.pixels -= pixels }
