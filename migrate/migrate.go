// Package migrate copies originals from one backend to another.
package migrate

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/backoff"
)

// Store is a backend that originals can be copied from and to.
type Store interface {
	storage.Origin
	storage.Writer
	storage.Lister
}

// Overlap reports that originals of one backend are originals of the other, too.
func Overlap(a, b Store) bool { return contains(a, b) || contains(b, a) }

func contains(outer, inner Store) bool {
	o, ok := outer.(interface{ Contains(storage.Origin) bool })
	return ok && o.Contains(inner)
}

// Migration copies what one backend has to another. What is at the destination
// already is never overwritten.
type Migration struct {
	From, To Store
	Prefix   string // of the keys; "" is all
	Parallel int    // originals at once, 1 or more
	Verify   bool   // read every copy back
	DryRun   bool   // copy nothing
	Log      *slog.Logger
	// Progress, if not nil, is told after each original how many are done, of how many
	// that are known of, which is always more. Calls do not overlap.
	Progress func(done, all int)
}

// giveUpAfter is how many failures in a row are taken for those of a backend. Each has
// been retried for half a minute.
const giveUpAfter = 50

type run struct {
	Migration
	cancel context.CancelCauseFunc

	mu     sync.Mutex
	report Report
	inARow int // failures
	done   int
	all    int // as far as counted
}

// job is an original to be copied, with what the destination has under its key.
type job struct {
	entry, there storage.Entry
	exists       bool // there is valid
}

// Run copies everything. The report says what became of the originals; the error is
// that of a listing, or says why Run stopped before the end.
func (m Migration) Run(ctx context.Context) (*Report, error) {
	r := &run{Migration: m, report: Report{DryRun: m.DryRun}}
	ctx, r.cancel = context.WithCancelCause(ctx)
	var counting sync.WaitGroup
	if m.Progress != nil {
		counting.Go(func() { r.count(ctx) })
	}
	err := r.copyAll(ctx)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	r.cancel(nil)
	counting.Wait()
	r.report.Complete = err == nil
	return &r.report, err
}

// copyAll copies what is listed, Parallel originals at once.
func (r *run) copyAll(ctx context.Context) error {
	var copying errgroup.Group
	copying.SetLimit(r.Parallel)
	defer copying.Wait()
	there := storage.NewCursor(backoff.List(ctx, r.To, r.Prefix, nil))
	defer there.Stop()
	for entry, err := range backoff.List(ctx, r.From, r.Prefix, r.leaveOut) {
		if err != nil {
			return err
		}
		j := job{entry: entry}
		if j.there, j.exists, err = there.Find(entry.Key); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		copying.Go(func() error { r.do(ctx, j); return nil })
	}
	return nil
}

// count counts the originals for Progress, while the copying goes on.
func (r *run) count(ctx context.Context) {
	for _, err := range backoff.List(ctx, r.From, r.Prefix, nil) {
		if err != nil {
			return // the listing of copyAll reports it
		}
		r.mu.Lock()
		r.all++
		r.mu.Unlock()
	}
}

func (r *run) do(ctx context.Context, j job) {
	o := failed
	err := panics.Try("migrate", func() (err error) { o, err = r.ensure(ctx, j); return err }, "key", j.entry.Key)
	if ctx.Err() != nil {
		return // stopped, which says nothing about this original
	}
	if err != nil {
		r.Log.Error(o.String(), "key", j.entry.Key, "cause", err)
	}
	if inARow := r.note(o, j.entry, err); inARow == giveUpAfter {
		r.cancel(fmt.Errorf("given up after %d failures in a row, the last: %w", inARow, err))
	}
}
