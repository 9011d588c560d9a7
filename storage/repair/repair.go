// Package repair copies originals that only a later link of a chain has to its first
// link, in the background, as they are requested.
package repair

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/backoff"
)

// ErrDropped is passed to Options.Repaired for an object that was not copied, because the
// queue was full or repair was switched off. The next request for it tries again.
var ErrDropped = errors.New("not repaired")

// Options are for New; the zero value is usable.
type Options struct {
	// Enabled is called for every object; nil means always.
	Enabled func() bool
	// Repaired, if not nil, is called at the end of every copy: with nil also if the
	// object was there already, with ErrDropped, or with why it failed for good. It is
	// called by several goroutines.
	Repaired func(key string, err error)
	// Queue is how many objects may wait: 1000.
	Queue int
}

// Repair copies two objects at a time. What fails is tried again for half a minute.
type Repair struct {
	options Options
	queue   chan job

	mu      sync.Mutex
	pending map[job]bool // in the queue or under way
}

type job struct {
	chain *chain
	key   string
}

// chain is a chain whose first link is repaired.
type chain struct {
	first storage.Writer
	rest  storage.Origin
}

const (
	defaultQueue = 1000
	workers      = 2
	// copyTimeout is for one attempt, and large: backends give up bodies that stall.
	copyTimeout = 10 * time.Minute
)

// New returns a Repair that does nothing before Run.
func New(o Options) *Repair {
	if o.Queue <= 0 {
		o.Queue = defaultQueue
	}
	return &Repair{options: o, queue: make(chan job, o.Queue), pending: map[job]bool{}}
}

// Chain is storage.Chain with its first link repaired. That must be a Writer, and there
// must be another link.
func (r *Repair) Chain(origins ...storage.Origin) (storage.Origin, error) {
	if len(origins) < 2 {
		return nil, errors.New("there is nothing to repair from: write a chain, s3://new,file:///srv/old")
	}
	first, ok := storage.As[storage.Writer](origins[0])
	if !ok {
		return nil, fmt.Errorf("%s cannot be repaired: it cannot be written to", origins[0])
	}
	c := &chain{first: first, rest: storage.Chain(origins[1:]...)}
	return storage.WatchedChain(func(key string) { r.add(job{c, key}) }, origins...), nil
}

// Pending returns how many objects wait or are being copied; of nil, which repairs nothing, 0.
func (r *Repair) Pending() int {
	if r == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.pending)
}

func (r *Repair) isEnabled() bool { return r.options.Enabled == nil || r.options.Enabled() }

// add queues a job, unless it is pending. It does not wait.
func (r *Repair) add(j job) {
	if r.isEnabled() && !r.enqueue(j) {
		r.finished(j, ErrDropped)
	}
}

// enqueue reports false if the queue is full.
func (r *Repair) enqueue(j job) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pending[j] {
		return true
	}
	select {
	case r.queue <- j:
		r.pending[j] = true
		return true
	default:
		return false
	}
}

func (r *Repair) finished(j job, err error) {
	if r.options.Repaired != nil {
		r.options.Repaired(j.key, err)
	}
}

// Run copies until ctx is done, and returns when no copy is under way any more. What is
// queued then stays, for another Run.
func (r *Repair) Run(ctx context.Context) {
	var all sync.WaitGroup
	for range workers {
		all.Go(func() { panics.Loop(ctx, "repair", r.work) })
	}
	all.Wait()
}

func (r *Repair) work(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case j := <-r.queue:
			err := r.do(ctx, j)
			r.mu.Lock()
			delete(r.pending, j)
			r.mu.Unlock()
			r.finished(j, err)
		}
	}
}

func (r *Repair) do(ctx context.Context, j job) error {
	err := backoff.Do(ctx, func() error {
		if !r.isEnabled() {
			return backoff.Final(ErrDropped)
		}
		err := panics.Try("repair", func() error { return j.copy(ctx) }, "key", j.key)
		if _, panicked := errors.AsType[*panics.Error](err); panicked {
			return backoff.Final(err)
		}
		return err
	})
	if errors.Is(err, storage.ErrExists) {
		return nil
	}
	return err
}

// errEncoded means that the copy would be taken for what it is not: no Writer keeps an
// encoding.
var errEncoded = failure.New(failure.Answered, "the object has a Content-Encoding")

// errNoSize means that the copy could not be verified to be complete.
var errNoSize = failure.New(failure.Answered, "the size of the object is not known")

func (j job) copy(ctx context.Context) error {
	attempt, cancel := context.WithTimeout(ctx, copyTimeout)
	defer cancel()
	object, err := j.chain.rest.Open(attempt, j.key, storage.Version{})
	if err == nil {
		defer object.Discard()
		if object.Size < 0 {
			return fmt.Errorf("%s: %q: %w", j.chain.rest, j.key, errNoSize)
		}
		if object.Encoding != "" {
			return fmt.Errorf("%s: %q: %w", j.chain.rest, j.key, errEncoded)
		}
		err = j.chain.first.Put(attempt, j.key, object.Body, object.Size, object.ModTime)
	}
	if err != nil && attempt.Err() != nil { // which is to be retried, unless ctx is done
		return storage.Unavailable(ctx, j.chain.rest.String(), err)
	}
	return err
}
