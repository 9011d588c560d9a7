package disk

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/variant"
)

// FreeSpace watches that some of a file system stays free. Its methods may be
// called by several goroutines.
type FreeSpace struct {
	dir     string
	short   func(eviction.Space) bool
	changed func(low bool, space eviction.Space)
	now     func() time.Time
	space   func(dir string) (eviction.Space, error)

	mu   sync.Mutex
	next time.Time // when to look again
	low  bool
}

// reserveEvery is how often FreeSpace looks: what is written in a second does not
// fill what it guards.
const reserveEvery = time.Second

// NewFreeSpace returns a FreeSpace that is low while short says so of dir's file system.
// changed, if not nil, is told each time that it becomes low or is so no more.
func NewFreeSpace(dir string, short func(eviction.Space) bool, changed func(low bool, space eviction.Space)) *FreeSpace {
	return &FreeSpace{dir: dir, short: short, changed: changed, now: time.Now, space: SpaceOf}
}

// Low reports that too little was free when it was last looked at, which is a
// second ago at most. What cannot be looked at is not low: writing there says
// what is the matter.
func (r *FreeSpace) Low() bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if now.Before(r.next) {
		return r.low
	}
	r.next = now.Add(reserveEvery)
	space, err := r.space(r.dir)
	low := err == nil && r.short(space)
	if low != r.low && r.changed != nil {
		r.changed(low, space)
	}
	r.low = low
	return low
}

// LimitByFreeSpace returns a Store that keeps nothing while the reserve is low: bodies are given
// back in memory, with NotKept cache.ErrNoRoom.
func LimitByFreeSpace(s cache.Store, r *FreeSpace) cache.Store {
	return &guarded{s, r, make(chan struct{}, inMemory)}
}

// inMemory is how many bodies are read into memory at once instead of being
// kept; others wait.
const inMemory = 4

type guarded struct {
	cache.Store
	reserve *FreeSpace
	slots   chan struct{}
}

// Fill implements cache.Store.
func (g *guarded) Fill(ctx context.Context, name variant.Name, r io.Reader, modTime time.Time) (*cache.Blob, error) {
	if !g.reserve.Low() {
		return g.Store.Fill(ctx, name, r, modTime)
	}
	if err := cache.CheckName(name); err != nil {
		return nil, err
	}
	select {
	case g.slots <- struct{}{}:
		defer func() { <-g.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	data, err := io.ReadAll(contextReader{ctx, r})
	if err != nil {
		return nil, err
	}
	b := cache.InMemory(data, wholeSeconds(modTime))
	if len(data) > 0 {
		b.NotKept = cache.ErrNoRoom
	}
	return b, nil
}
