// Package shared is the tier of the cache that several servers share: derivatives in a bucket.
// A server asks it for what its own disk does not have, and writes to it what it has made, so
// that a new server, or one with an empty disk, starts warm.
//
// It is never in the way of an answer. Reading is bounded in time and number, and hedged: see
// Hedge. A circuit breaker stops asking a bucket that does not answer. Writing happens later,
// from a bounded queue. What is read is checked, and everything that is not exactly what was
// written is a miss.
//
// Nobody expires objects here: that is the lifecycle rule of the bucket. Originals and
// mezzanines are not kept: see docs/cache.md.
package shared

import (
	"context"
	"iter"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/semaphore"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/internal/failure"
)

// Bucket stores objects, each with a short note beside it. The key of an entry is its name.
// Errors have a class of package failure: NotFound for an object that does not exist, Answered
// for one that is too large. A call returns soon after its context has ended. Its methods are
// called by several goroutines.
type Bucket interface {
	// Get reads a whole object of at most maxBytes, and its note.
	Get(ctx context.Context, key string, maxBytes int64) (body []byte, note string, err error)
	// Put stores an object, and replaces one that is there. It becomes visible as a whole.
	Put(ctx context.Context, key string, body []byte, mediaType, note string) error
	// List gives the keys that begin with prefix. The last element may be an error.
	List(ctx context.Context, prefix string) iter.Seq2[string, error]
	// Delete deletes an object. That there is none is not an error.
	Delete(ctx context.Context, key string) error
	// Check finds out whether the bucket answers.
	Check(ctx context.Context) error
	// String names the bucket for logs, without secrets.
	String() string
}

// Config is what a Store is made of. All fields are needed.
type Config struct {
	Bucket Bucket
	// MinCost is what making a derivative must take at least for it to be kept; 0 keeps all.
	MinCost time.Duration
	// HedgeAfter is how long a request waits for the bucket before the derivative is made at the
	// same time.
	HedgeAfter time.Duration
	Observer   Observer
	Log        *slog.Logger

	// The following is set by derivatives.New.

	// Epochs are those of the pictures: see Store.Keep.
	Epochs *cache.Epochs
	// Valid reports whether a body is a whole derivative of its media type.
	Valid func(Object) bool
	Now   func() time.Time
}

// Observer is told what happens, for metrics. Its methods are called by many goroutines at
// once.
type Observer interface {
	// SharedRead: an entry was asked for. The result is "hit", "miss", "invalid" (damaged, cut
	// off, or not ours) or "error".
	SharedRead(result string, took time.Duration, bytes int64)
	// SharedSkipped: an entry was not asked for, because its kind is "cheap" to make, its picture
	// was "forgotten" and its entries were not removed more than a minute ago, the circuit breaker
	// is "open", or too many reads are under way ("busy").
	SharedSkipped(reason string)
	// SharedWritten: an entry was to be kept. The result is "ok", "error", "cheap" (not worth
	// it), "large", "dropped" (the queue is full, or the circuit breaker open) or "forgotten"
	// (while it was queued).
	SharedWritten(result string, bytes int64)
	// SharedRemoved: the entries of a forgotten picture were removed, or could not be (once
	// for each attempt).
	SharedRemoved(err error)
}

// Store keeps derivatives in a bucket. It is safe for use by several goroutines. A nil Store
// keeps nothing.
type Store struct {
	Config
	breaker  *gobreaker.CircuitBreaker[Object]
	reads    *semaphore.Weighted
	queue    *semaphore.Weighted // of bytes to be written
	writers  *semaphore.Weighted
	reporter *cache.Reporter

	kinds *cache.Memory[string, time.Duration] // what making a derivative of a kind takes
	fetch atomic.Int64                         // what a fetch takes, nanoseconds
	// quiet is until when the bucket is not asked for a picture, in nanoseconds of Unix time.
	quiet cache.PerPicture[atomic.Int64]
}

const (
	// maxFailures in a row open the circuit breaker.
	maxFailures = 5
	// pause is how long it stays open before one read is let through. That costs no request
	// anything: see Store.HedgeTime.
	pause = 2 * time.Second
)

// New returns a Store.
func New(c Config) *Store {
	s := &Store{
		Config: c, reads: semaphore.NewWeighted(maxReads), queue: semaphore.NewWeighted(maxQueuedBytes),
		writers:  semaphore.NewWeighted(maxWriters),
		reporter: cache.NewReporter(c.Log, c.Now),
		kinds:    cache.NewMemory[string](kindBytes, func(time.Duration) int { return 0 }),
	}
	s.breaker = gobreaker.NewCircuitBreaker[Object](gobreaker.Settings{
		Timeout:      pause,
		ReadyToTrip:  func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= maxFailures },
		IsSuccessful: func(err error) bool { return err == nil || isAnswer(err) },
		IsExcluded: func(err error) bool {
			class := failure.Of(err)
			return class == failure.Server || class == failure.Canceled
		},
		OnStateChange: s.stateChanged,
	})
	return s
}

// isAnswer reports that the bucket works and has no such object. One that refuses access is
// as useless as one that is down.
func isAnswer(err error) bool {
	class := failure.Of(err)
	return class == failure.NotFound || class == failure.Answered
}

// stateChanged is called under the lock of the circuit breaker.
func (s *Store) stateChanged(_ string, _, to gobreaker.State) {
	level := slog.LevelInfo
	if to == gobreaker.StateOpen {
		level = slog.LevelError
	}
	s.Log.Log(context.Background(), level, "shared tier: circuit breaker "+to.String(), "bucket", s.Bucket.String())
}

// State returns the state of the circuit breaker: 0 closed, 1 half-open, 2 open.
func (s *Store) State() gobreaker.State { return s.breaker.State() }
