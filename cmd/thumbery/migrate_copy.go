package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"

	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/storage"
)

// migration copies what one place has to another.
type migration struct {
	from, to store
	prefix   string
	parallel int
	verify   bool
	dryRun   bool
	log      *slog.Logger
	progress func(done, all int) // nil where nothing is shown
	retry    retrypolicy.RetryPolicy[any]

	report migrateReport
	cancel context.CancelCauseFunc // ends run
}

// patience is how often something is tried that failed: six times in half a
// minute, unless the failure is an answer.
func patience() retrypolicy.RetryPolicy[any] {
	return retrypolicy.NewBuilder[any]().
		HandleIf(func(_ any, err error) bool { return err != nil && !isAnswer(err) }).
		WithMaxAttempts(6).
		WithBackoff(time.Second, 16*time.Second).
		WithJitterFactor(0.25).
		ReturnLastFailure().
		Build()
}

// isAnswer reports whether asking again would give the same.
func isAnswer(err error) bool {
	for _, answer := range []error{storage.ErrNotFound, storage.ErrRefused, storage.ErrExists, context.Canceled, context.DeadlineExceeded, errDisorder, errNoSize} {
		if errors.Is(err, answer) {
			return true
		}
	}
	return false
}

// persist does f until it succeeds, or patience ends.
func (m *migration) persist(ctx context.Context, f func() error) error {
	return failsafe.With(m.retry).WithContext(ctx).Run(f)
}

// errNoSize says that a place does not tell how long an original is, so that
// nobody could know whether a copy is whole.
var errNoSize = errors.New("the place does not say how many bytes it has")

// job is an original to be copied, with what is under its key already, if so.
type job struct {
	entry, there storage.Entry
	known        bool
}

// run copies everything. Its error is of a listing, or says why it was stopped;
// what happened to originals is in the report.
func (m *migration) run(ctx context.Context) error {
	ctx, m.cancel = context.WithCancelCause(ctx)
	defer m.cancel(nil)
	var count, workers sync.WaitGroup
	if m.progress != nil {
		count.Go(func() { m.count(ctx) })
	} else {
		count.Go(func() { m.report.tell(ctx, m.log) })
	}
	jobs := make(chan job)
	for range m.parallel {
		workers.Go(func() {
			for j := range jobs {
				m.do(ctx, j)
			}
		})
	}
	err := m.distribute(ctx, jobs)
	close(jobs)
	workers.Wait()
	cause := context.Cause(ctx)
	m.cancel(nil)
	count.Wait()
	if cause != nil {
		return cause
	}
	return err
}

// distribute goes through the listings of both places, side by side.
func (m *migration) distribute(ctx context.Context, jobs chan<- job) error {
	there := newCounterpart(m.steady(ctx, m.to, nil))
	defer there.stop()
	for entry, err := range m.steady(ctx, m.from, m.leaveOut) {
		if err != nil {
			return err
		}
		j := job{entry: entry}
		if j.there, j.known, err = there.find(entry.Key); err != nil {
			return err
		}
		select {
		case jobs <- j:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (m *migration) leaveOut(key string) {
	m.log.Warn("left out", "name", key)
	m.report.leaveOut(key)
}

// count finds out for the bar how much there is, while the copying goes on.
func (m *migration) count(ctx context.Context) {
	for _, err := range m.steady(ctx, m.from, nil) {
		if err != nil {
			return // the other listing says so
		}
		m.report.found()
	}
}

// giveUpAfter is how many failures in a row are taken for that of a place. Each
// has been tried for half a minute.
const giveUpAfter = 50

// do copies one original, and reports it.
func (m *migration) do(ctx context.Context, j job) {
	o := failed
	err := panics.Try("migrate", func() (err error) { o, err = m.settle(ctx, j); return err }, "key", j.entry.Key)
	if ctx.Err() != nil {
		return // it was stopped, which says nothing of this one
	}
	if err != nil {
		m.log.Error(o.String(), "key", j.entry.Key, "cause", err)
	}
	if inARow := m.report.note(o, j.entry, err, m.progress); inARow == giveUpAfter {
		m.cancel(fmt.Errorf("given up after %d failures in a row, the last: %w", inARow, err))
	}
}

// settle sees to it that an original is at the destination, or says why not.
func (m *migration) settle(ctx context.Context, j job) (outcome, error) {
	if j.known {
		return m.compare(ctx, j.entry, j.there)
	}
	if m.dryRun {
		return copied, nil
	}
	var sum []byte
	reading := false // when it failed
	err := m.persist(ctx, func() (err error) {
		sum, reading, err = m.copy(ctx, j.entry.Key)
		return err
	})
	switch {
	case errors.Is(err, storage.ErrExists): // since a moment, or since a try whose answer was lost
		there, err := m.to.Stat(ctx, j.entry.Key)
		if err != nil {
			return failed, err
		}
		return m.compare(ctx, j.entry, there)
	case reading && errors.Is(err, storage.ErrNotFound):
		return gone, nil
	case reading && errors.Is(err, storage.ErrRefused):
		return refused, err
	case err != nil:
		return failed, err
	case m.verify:
		return m.readBack(ctx, j.entry.Key, sum)
	}
	return copied, nil
}

// copy copies once. The sum is that of what was read; reading says that the
// source failed.
func (m *migration) copy(ctx context.Context, key string) (sum []byte, reading bool, err error) {
	object, err := m.from.Open(ctx, key, storage.Version{})
	if err != nil {
		return nil, true, err
	}
	defer func() { _ = object.Body.Close() }()
	if object.Size < 0 {
		return nil, true, errNoSize
	}
	hash := sha256.New()
	err = m.to.Put(ctx, key, io.TeeReader(object.Body, hash), object.Size, object.ModTime)
	return hash.Sum(nil), false, err
}

// readBack makes sure that a copy is what was read of the original.
func (m *migration) readBack(ctx context.Context, key string, want []byte) (outcome, error) {
	got, err := m.sum(ctx, m.to, key)
	if err == nil && !bytes.Equal(got, want) {
		err = errors.New("what is read back is not what was written")
	}
	if err != nil {
		return failed, err
	}
	return copied, nil
}

// compare looks at what is at the destination already.
func (m *migration) compare(ctx context.Context, entry, there storage.Entry) (outcome, error) {
	if entry.Size != there.Size {
		return conflicting, fmt.Errorf("%d bytes, and %d at the destination", entry.Size, there.Size)
	}
	if !m.verify {
		return present, nil
	}
	want, err := m.sum(ctx, m.from, entry.Key)
	if errors.Is(err, storage.ErrNotFound) {
		return gone, nil
	}
	if err != nil {
		return failed, err
	}
	got, err := m.sum(ctx, m.to, entry.Key)
	switch {
	case err != nil:
		return failed, err
	case !bytes.Equal(got, want):
		return conflicting, fmt.Errorf("other bytes at the destination, of the same number")
	}
	return present, nil
}

// sum is the SHA-256 of what a place has under a key.
func (m *migration) sum(ctx context.Context, place storage.Origin, key string) (sum []byte, err error) {
	err = m.persist(ctx, func() error {
		object, err := place.Open(ctx, key, storage.Version{})
		if err != nil {
			return err
		}
		defer func() { _ = object.Body.Close() }()
		hash := sha256.New()
		_, err = io.Copy(hash, object.Body)
		sum = hash.Sum(nil)
		return err
	})
	return sum, err
}
