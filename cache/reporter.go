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
// size of each body that Fill has received, and with why it was not kept, or nil; also if
// Fill has lost the body. That there is no room is not logged here: the store says so,
// once.
func (r *Reporter) Watch(s Store, tier string, kept func(bytes int64, err error)) Store {
	return &watched{s, r, tier, kept}
}

type watched struct {
	Store
	reporter *Reporter
	tier     string
	kept     func(bytes int64, err error)
}

func (w *watched) Open(name variant.Name) (*Blob, error) {
	b, err := w.Store.Open(name)
	if err != nil {
		w.reporter.ReadFailed(err)
	}
	return b, err
}

func (w *watched) Fill(ctx context.Context, name variant.Name, r io.Reader, modTime time.Time) (*Blob, error) {
	body := &bodyReader{Reader: r}
	b, err := w.Store.Fill(ctx, name, body, modTime)
	switch {
	case err == nil:
		w.report(b.Size, b.NotKept)
	case !body.failed && ctx.Err() == nil:
		w.report(body.read, err)
	}
	return b, err
}

// report tells what became of a body of that many bytes.
func (w *watched) report(bytes int64, notKept error) {
	if w.kept != nil {
		w.kept(bytes, notKept)
	}
	if notKept != nil && !errors.Is(notKept, ErrNoRoom) {
		w.reporter.Warn("not kept in the disk cache", "tier", w.tier, "cause", notKept)
	}
}

// bodyReader remembers how much was read, and whether that failed: then it is not the
// fault of the Store that it keeps nothing.
type bodyReader struct {
	io.Reader
	read   int64
	failed bool
}

func (b *bodyReader) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.read += int64(n)
	b.failed = b.failed || err != nil && err != io.EOF
	return n, err
}

func (w *watched) Remove(name variant.Name) error {
	err := w.Store.Remove(name)
	if err != nil {
		w.reporter.Warn("cannot remove from the disk cache", "name", name, "cause", err)
	}
	return err
}
