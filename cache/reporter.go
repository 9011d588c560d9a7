package cache

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/variant"
)

// warnEvery keeps a disk that fails from filling the log, too.
const warnEvery = time.Minute

// Reporter logs what fails in a disk cache, at most one failure a minute. Its methods
// may be called by several goroutines.
type Reporter struct {
	log    *slog.Logger
	now    func() time.Time
	warned atomic.Int64 // unix nanoseconds
}

// NewReporter returns a Reporter.
func NewReporter(log *slog.Logger, now func() time.Time) *Reporter {
	return &Reporter{log: log, now: now}
}

// Warn logs a failure, unless another one was logged within a minute.
func (r *Reporter) Warn(message string, attrs ...any) {
	now, last := r.now().UnixNano(), r.warned.Load()
	if now-last >= int64(warnEvery) && r.warned.CompareAndSwap(last, now) {
		r.log.Warn(message+"; other failures within the next minute are not logged", attrs...)
	}
}

// ReadFailed logs that an entry could not be opened or read, which otherwise looks like
// an empty cache. It ignores ErrMiss.
func (r *Reporter) ReadFailed(err error) {
	if !errors.Is(err, ErrMiss) {
		r.Warn("cannot read the disk cache", "cause", err)
	}
}

// Watch returns s with its failures logged. If kept is not nil, it is called with the
// size of each body that Fill has received, and with why it was not kept, or nil. That
// there is no room is not logged here: the store says so, once.
func (r *Reporter) Watch(s Store, tier string, kept func(bytes int64, err error)) Store {
	return &watched{s, r, tier, kept}
}

type watched struct {
	Store
	reporter *Reporter
	tier     string
	kept     func(bytes int64, err error)
}

// Open implements Store.
func (w *watched) Open(name variant.Name) (*Blob, error) {
	b, err := w.Store.Open(name)
	if err != nil {
		w.reporter.ReadFailed(err)
	}
	return b, err
}

// Fill implements Store.
func (w *watched) Fill(ctx context.Context, name variant.Name, r io.Reader, modTime time.Time) (*Blob, error) {
	b, err := w.Store.Fill(ctx, name, r, modTime)
	if err != nil {
		return nil, err
	}
	if w.kept != nil {
		w.kept(b.Size, b.NotKept)
	}
	if b.NotKept != nil && !errors.Is(b.NotKept, ErrNoRoom) {
		w.reporter.Warn("not kept in the disk cache", "tier", w.tier, "cause", b.NotKept)
	}
	return b, nil
}

// Remove implements Store.
func (w *watched) Remove(name variant.Name) error {
	err := w.Store.Remove(name)
	if err != nil {
		w.reporter.Warn("cannot remove from the disk cache", "name", name, "cause", err)
	}
	return err
}
