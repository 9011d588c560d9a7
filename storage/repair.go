package storage

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/internal/panics"
)

// ErrDropped is what a Repair tells its observer of an object that it did not
// copy, as too many were waiting or as it was switched off meanwhile. It is found
// again when it is asked for again.
var ErrDropped = errors.New("not repaired")

// RepairOptions are for NewRepair; the zero value is for use.
type RepairOptions struct {
	// Enabled is asked for every object; nil means always.
	Enabled func() bool
	// Repaired, if not nil, is told the end of every copy: nil also if the object
	// was there already, ErrDropped, or why it failed for good. It is called by
	// several goroutines.
	Repaired func(key string, err error)
	// Queue is how many objects may wait: 1000.
	Queue int
}

// Repair copies originals that are only further down a chain to its first place,
// in the background, two at a time. What fails is tried five times within a
// minute.
type Repair struct {
	options RepairOptions
	queue   chan repairJob
	retry   retrypolicy.RetryPolicy[any]

	mu      sync.Mutex
	pending map[repairJob]bool // in the queue or under way
}

// repairJob is an object and where it is to go; chain's rest has it.
type repairJob struct {
	chain *repairChain
	key   string
}

// repairChain is what is known of a chain whose first place is repaired.
type repairChain struct {
	first Writer
	rest  Origin
}

const (
	repairQueue   = 1000
	repairWorkers = 2
	repairTries   = 5
	// Delays of 2, 4, 8 and 16 s.
	repairDelay    = 2 * time.Second
	repairMaxDelay = 16 * time.Second
	// repairTimeout is for one try, and large: places give up bodies that stall.
	repairTimeout = 10 * time.Minute
)

// NewRepair returns a Repair that does nothing before Run.
func NewRepair(o RepairOptions) *Repair {
	if o.Queue <= 0 {
		o.Queue = repairQueue
	}
	return &Repair{
		options: o,
		queue:   make(chan repairJob, o.Queue),
		pending: map[repairJob]bool{},
		retry: retrypolicy.NewBuilder[any]().
			HandleIf(func(_ any, err error) bool { return err != nil && !isFinal(err) }).
			WithMaxAttempts(repairTries).
			WithBackoff(repairDelay, repairMaxDelay).
			WithJitterFactor(0.25).
			ReturnLastFailure().
			Build(),
	}
}

// Chain is storage.Chain with its first place repaired. That must be a Writer, and
// there must be another.
func (r *Repair) Chain(origins ...Origin) (Origin, error) {
	if len(origins) < 2 {
		return nil, errors.New("there is nothing to repair from: write a chain, s3://new,file:///srv/old")
	}
	first, ok := As[Writer](origins[0])
	if !ok {
		return nil, fmt.Errorf("%s cannot be repaired: it cannot be written to", origins[0])
	}
	to := &repairChain{first: first, rest: Chain(origins[1:]...)}
	c := &chain{origins: append([]Origin(nil), origins...)}
	c.missing = func(key string) { r.add(repairJob{to, key}) }
	return c, nil
}

// Pending is how many objects wait or are being copied.
func (r *Repair) Pending() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.pending)
}

func (r *Repair) enabled() bool { return r.options.Enabled == nil || r.options.Enabled() }

// add queues a job. It does not wait.
func (r *Repair) add(job repairJob) {
	if !r.enabled() {
		return
	}
	r.mu.Lock()
	if r.pending[job] {
		r.mu.Unlock()
		return
	}
	select {
	case r.queue <- job:
		r.pending[job] = true
		r.mu.Unlock()
	default:
		r.mu.Unlock()
		r.tell(job.key, ErrDropped)
	}
}

func (r *Repair) tell(key string, err error) {
	if r.options.Repaired != nil {
		r.options.Repaired(key, err)
	}
}

// Run copies until ctx is done, and returns when nothing is under way any more.
// What is waiting then stays, for another Run.
func (r *Repair) Run(ctx context.Context) {
	var workers sync.WaitGroup
	for range repairWorkers {
		workers.Go(func() { panics.Loop(ctx, "repair", r.work) })
	}
	workers.Wait()
}

func (r *Repair) work(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case job := <-r.queue:
			err := r.do(ctx, job)
			r.mu.Lock()
			delete(r.pending, job)
			r.mu.Unlock()
			r.tell(job.key, err)
		}
	}
}

// do copies with retries.
func (r *Repair) do(ctx context.Context, job repairJob) error {
	err := failsafe.With(r.retry).WithContext(ctx).Run(func() error {
		if !r.enabled() {
			return ErrDropped
		}
		return panics.Try("repair", func() error { return job.copy(ctx) }, "key", job.key)
	})
	if errors.Is(err, ErrExists) {
		return nil
	}
	return err
}

// isFinal reports whether trying again is of no use.
func isFinal(err error) bool {
	_, panicked := errors.AsType[*panics.Error](err)
	return panicked || failure.Of(err).IsAnswer() || errors.Is(err, ErrDropped)
}

// errNoSize says that a place does not tell how long an object is, so that what
// is written could not be known to be whole.
var errNoSize = failure.New(failure.Answered, "the size of the object is not known")

func (j repairJob) copy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, repairTimeout)
	defer cancel()
	object, err := j.chain.rest.Open(ctx, j.key, Version{})
	if err != nil {
		return err
	}
	defer func() { _ = object.Body.Close() }()
	if object.Size < 0 {
		return fmt.Errorf("%s: %q: %w", j.chain.rest, j.key, errNoSize)
	}
	return j.chain.first.Put(ctx, j.key, object.Body, object.Size, object.ModTime)
}
