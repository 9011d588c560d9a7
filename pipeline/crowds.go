package pipeline

import (
	"context"
	"sync"

	"github.com/thumbery/thumbery/variant"
)

// crowds are those who do something with the same name at the moment: make
// derivatives of one original, or something in the background once.
type crowds struct {
	mu    sync.Mutex
	names map[variant.Name]*crowd
}

type crowd struct {
	size  int
	calm  context.Context // until hurry, or the last leaves
	hurry context.CancelFunc
}

// join counts one more until leave is called, once. first reports that there was
// nobody else.
func (c *crowds) join(name variant.Name) (first bool, leave func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.names[name]
	if all == nil {
		all = &crowd{}
		all.calm, all.hurry = context.WithCancel(context.Background())
		if c.names == nil {
			c.names = map[variant.Name]*crowd{}
		}
		c.names[name] = all
	}
	all.size++
	return all.size == 1, func() { c.leave(name, all) }
}

func (c *crowds) leave(name variant.Name, all *crowd) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if all.size--; all.size == 0 {
		all.hurry()
		delete(c.names, name)
	}
}

// others reports that somebody else has joined, too.
func (c *crowds) others(name variant.Name) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.names[name]
	return all != nil && all.size > 1
}

// hurry ends the patience of a crowd: somebody waits for what it makes.
func (c *crowds) hurry(name variant.Name) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if all := c.names[name]; all != nil {
		all.hurry()
	}
}

// await waits until all who have joined have left, or somebody hurries them, or ctx
// is done.
func (c *crowds) await(ctx context.Context, name variant.Name) {
	c.mu.Lock()
	all := c.names[name]
	c.mu.Unlock()
	if all == nil {
		return
	}
	select {
	case <-all.calm.Done():
	case <-ctx.Done():
	}
}

// patience is ctx until hurry is called for a name. stop frees what it holds.
func (c *crowds) patience(ctx context.Context, name variant.Name) (patient context.Context, stop func()) {
	patient, cancel := context.WithCancel(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.names[name]
	if all == nil {
		return patient, cancel
	}
	unhook := context.AfterFunc(all.calm, cancel)
	return patient, func() {
		unhook()
		cancel()
	}
}
