package shared

import (
	"context"
	"fmt"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/variant"
)

const (
	// maxQueuedBytes and maxQueued bound what is to be written, with what is being written.
	maxQueuedBytes = 64 << 20
	maxQueued      = 512
	// maxWriters is how many entries are written at once.
	maxWriters = 8
	// writeTimeout bounds the writing of one entry.
	writeTimeout = 20 * time.Second
)

// Entry is what is to be kept.
type Entry struct {
	Object
	Name variant.Name
	// Epoch is that of the picture when its original was opened.
	Epoch uint64
	Cost  Cost
	// Waits has Keep wait until there is room in the queue. It is for work that no client waits
	// for; otherwise an entry for which there is no room is dropped.
	Waits bool
}

// Keep writes an entry later, if it is worth it: see Config.MinCost. It is not kept if its
// picture was forgotten since its epoch. If that happens while it is written, Remove removes it.
func (s *Store) Keep(ctx context.Context, e Entry) {
	if s == nil {
		return
	}
	size := int64(len(e.Data))
	result := ""
	switch {
	case !s.isWorth(e.Name, e.Cost):
		result = "cheap"
	case size == 0 || size > maxBytes:
		result = "large"
	case s.breaker.State() == gobreaker.StateOpen || !s.admit(ctx, e, size):
		result = "dropped"
	default:
		go s.write(e, size)
		return
	}
	s.Observer.SharedWritten(result, 0)
}

// weight is what an entry counts in the queue.
func weight(size int64) int64 { return max(size, maxQueuedBytes/maxQueued) }

func (s *Store) admit(ctx context.Context, e Entry, size int64) bool {
	if e.Waits {
		return s.queue.Acquire(ctx, weight(size)) == nil
	}
	return s.queue.TryAcquire(weight(size))
}

// write writes an entry that was admitted to the queue.
func (s *Store) write(e Entry, size int64) {
	defer s.queue.Release(weight(size))
	_ = s.writers.Acquire(context.Background(), 1) // which waits for as long as it takes
	defer s.writers.Release(1)
	_ = panics.Try("shared", func() error { // which has logged it
		result := s.put(e)
		if result != "ok" {
			size = 0
		}
		s.Observer.SharedWritten(result, size)
		return nil
	})
}

func (s *Store) put(e Entry) (result string) {
	switch {
	case s.Epochs.At(e.Name) != e.Epoch:
		return "forgotten"
	case s.breaker.State() == gobreaker.StateOpen: // since it was queued
		return "dropped"
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	if err := s.Bucket.Put(ctx, string(e.Name), e.Data, e.MediaType, e.note(e.Name)); err != nil {
		s.reporter.Warn("cannot write to the shared tier", "bucket", s.Bucket.String(), "cause", err)
		return "error"
	}
	return "ok"
}

// Drain waits until nothing is to be written any more, or returns the error of ctx.
func (s *Store) Drain(ctx context.Context) error {
	if s == nil {
		return nil
	}
	if err := s.queue.Acquire(ctx, maxQueuedBytes); err != nil {
		return fmt.Errorf("not everything was written to the shared tier: %w", err)
	}
	s.queue.Release(maxQueuedBytes)
	return nil
}
