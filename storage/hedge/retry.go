package hedge

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/storage"
)

// The delay between a failed attempt and the second one is random within these bounds.
const (
	minRetryDelay = 100 * time.Millisecond
	maxRetryDelay = 300 * time.Millisecond
)

// circuitBreaker is an origin with a circuit breaker, which keeps second attempts from
// an origin that is dead: each would take its time twice.
type circuitBreaker interface {
	storage.Health
	Unwrap() storage.Origin
}

// canRetry decides whether a fetch is retried: the first attempt failed with err, which is
// no answer of the origin, and the origin's circuit breaker is not open.
func canRetry(o storage.Origin, err error) bool {
	b, ok := o.(circuitBreaker)
	return ok && err != nil && !failure.Of(err).IsAnswer() && !b.Down()
}

// openTwice opens an object with a second attempt where the first fails.
func openTwice(ctx context.Context, o storage.Origin, key string, have storage.Version) (*storage.Object, error) {
	object, err := o.Open(ctx, key, have)
	if !canRetry(o, err) {
		return object, err
	}
	if !pauseBeforeRetry(ctx) {
		return nil, storage.Unavailable(ctx, o.String(), ctx.Err())
	}
	return o.Open(ctx, key, have)
}

// pauseBeforeRetry returns false if ctx ends before it is over.
func pauseBeforeRetry(ctx context.Context) bool {
	select {
	case <-time.After(minRetryDelay + rand.N(maxRetryDelay-minRetryDelay)):
		return true
	case <-ctx.Done():
		return false
	}
}

// retry begins a second attempt at the first origin that canRetry allows, when no other
// origin is left. It reports whether it did. The last origin has had its second attempt
// already.
func (h *hedgedOpen) retry() bool {
	if h.retried {
		return false
	}
	h.retried = true
	for i, a := range h.tried[:len(h.tried)-1] {
		if canRetry(h.Members()[i], a.cause) {
			if !pauseBeforeRetry(h.ctx) {
				return false
			}
			a.cancel()
			h.start(i)
			return true
		}
	}
	return false
}
