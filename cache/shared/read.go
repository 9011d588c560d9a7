package shared

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/variant"
)

const (
	// maxReads is how many entries are read at once. With maxBytes, it bounds the memory.
	maxReads = 32
	// maxBytes is the size of the largest entry.
	maxBytes = 16 << 20
	// readTimeout bounds one read. A request does not wait for it: see Hedge.
	readTimeout = 2 * time.Second
)

// errSlow means that the bucket has not answered within readTimeout.
var errSlow = failure.New(failure.Unavailable, "no answer within "+readTimeout.String())

// HedgeTime returns how long a request is to wait for Get before it makes the derivative at
// the same time. ok is false if Get is not to be called. To be kept, what Get returns must be of
// an epoch that was read before the call. While the circuit breaker is half-open
// a request does not wait: it may be the one that finds out whether the bucket works again.
func (s *Store) HedgeTime(name variant.Name) (after time.Duration, ok bool) {
	if s == nil {
		return 0, false
	}
	state, reason := s.breaker.State(), ""
	switch {
	case state == gobreaker.StateOpen:
		reason = "open"
	case s.isForgotten(name):
		reason = "forgotten"
	case s.isCheap(name):
		reason = "cheap"
	case state == gobreaker.StateHalfOpen:
		return 0, true
	default:
		return s.HedgeAfter, true
	}
	s.Observer.SharedSkipped(reason)
	return 0, false
}

// Get reads an entry. It returns when readTimeout is over, or soon after ctx has ended. All
// errors are misses: cache.ErrMiss where the bucket has no entry or was not asked, and that of
// the bucket, or of name, otherwise.
func (s *Store) Get(ctx context.Context, name variant.Name) (Object, error) {
	if err := cache.CheckName(name); err != nil {
		return Object{}, err
	}
	if !s.enterRead(ctx) {
		s.Observer.SharedSkipped("busy")
		return Object{}, fmt.Errorf("%w: too many reads are under way", cache.ErrMiss)
	}
	defer s.reads.Release(1)
	began := s.Now()
	o, err := s.breaker.Execute(func() (Object, error) { return s.get(ctx, name) })
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		s.Observer.SharedSkipped("open")
		return Object{}, fmt.Errorf("%w: %w", cache.ErrMiss, err)
	}
	result, err := s.judge(name, err)
	s.Observer.SharedRead(result, s.Now().Sub(began), int64(len(o.Data)))
	return o, err
}

// enterRead waits until a read is admitted, for as long as a request waits for Get: a server with
// an empty disk would otherwise make what it could read a moment later.
func (s *Store) enterRead(ctx context.Context) bool {
	if s.reads.TryAcquire(1) {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, s.HedgeAfter)
	defer cancel()
	return s.reads.Acquire(ctx, 1) == nil
}

func (s *Store) get(ctx context.Context, name variant.Name) (Object, error) {
	bounded, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	body, note, err := s.Bucket.Get(bounded, string(name), maxBytes)
	switch {
	case err == nil:
		return s.open(name, body, note)
	case bounded.Err() != nil && ctx.Err() == nil:
		return Object{}, errSlow
	}
	return Object{}, err
}

// judge returns the result of a read for metrics, and the error of Get, and logs what is wrong.
func (s *Store) judge(name variant.Name, err error) (result string, _ error) {
	switch class := failure.Of(err); {
	case err == nil:
		return "hit", nil
	case class == failure.NotFound:
		return "miss", cache.ErrMiss
	case class == failure.Answered:
		s.reporter.Warn("an object of the shared tier is not used", "bucket", s.Bucket.String(), "name", name, "cause", err)
		return "invalid", fmt.Errorf("%w: %w", cache.ErrMiss, err)
	case class != failure.Canceled:
		s.reporter.Warn("cannot read the shared tier", "bucket", s.Bucket.String(), "cause", err)
	}
	return "error", err
}
