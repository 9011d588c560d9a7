package hedge

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/storage"
)

// The delay between a failed attempt and the second one is random within these bounds.
const (
	minRetryDelay = 100 * time.Millisecond
	maxRetryDelay = 300 * time.Millisecond
)

// retry makes a second attempt, once: at the last origin whose first one failed, and which
// may be tried again.
func (h *hedgedOpen) retry() {
	for i, a := range slices.Backward(h.tried) {
		if !h.retried && canRetry(h.Members()[i], a.cause) {
			h.retried = true
			a.cancel()
			h.start(i, minRetryDelay+rand.N(maxRetryDelay-minRetryDelay))
			return
		}
	}
}

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
