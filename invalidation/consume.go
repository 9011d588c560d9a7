package invalidation

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/thumbery/thumbery/variant"
)

const (
	// consumeAtOnce bounds the events that a consumer gets by one call.
	consumeAtOnce = 1000
	// The pause after an error doubles from the first to the second.
	firstPause = time.Second
	maxPause   = time.Minute
)

// Consume calls f with the events of the log, in order, each at least once, until ctx ends.
// When f has returned nil, the position is saved under name, and Consume goes on there
// after a restart; a name that is new begins with what is appended after this process
// has first used the log. While f returns an error, it is called with the same events again,
// after pauses of a second to a minute. Watch must run meanwhile.
func (l *Log) Consume(ctx context.Context, name string, f func(ctx context.Context, events []Event) error) {
	l.Follow(ctx, name, func(ctx context.Context, b Batch) error {
		if len(b.Events) > 0 {
			if err := f(ctx, b.Events); err != nil {
				return err
			}
		}
		l.SaveCursor(name, b.Next)
		return nil
	})
}

// Follow is like Consume, for callers that save the position themselves, by SaveCursor with the
// Next of a Batch. A Batch may be without events.
func (l *Log) Follow(ctx context.Context, name string, f func(ctx context.Context, b Batch) error) {
	l.Wait(ctx, Cursor{}) // until there is a log
	at, ok := l.Cursor(name)
	if !ok {
		l.mu.Lock()
		at = l.opened
		l.mu.Unlock()
		l.SaveCursor(name, at)
	}
	l.follow(ctx, name, at, f)
}

// follow is Follow for a consumer that begins at a position.
func (l *Log) follow(ctx context.Context, name string, at Cursor, f func(ctx context.Context, b Batch) error) {
	l.pass(name, at)
	for ctx.Err() == nil {
		var b Batch
		if !l.retry(ctx, name, func() (err error) { b, err = l.After(ctx, at, consumeAtOnce); return err }) {
			return
		}
		if b.Lost > 0 {
			l.ReportLost(name, b.Lost)
		}
		if b.Next != at && !l.retry(ctx, name, func() error { return f(ctx, b) }) {
			return
		}
		at = b.Next
		l.pass(name, at)
		l.Wait(ctx, at)
	}
}

// pass notes how far a consumer is, for Await.
func (l *Log) pass(name string, at Cursor) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.passed[name] = at
	l.wake()
}

// Await returns when a consumer that runs in this process has had all events that the log has
// now. With Self, they were also forgotten on this node, also those that other processes have
// appended. Errors are those of the file system and of ctx.
func (l *Log) Await(ctx context.Context, name string) error {
	at, err := l.End(ctx)
	if err != nil {
		return err
	}
	return l.wait(ctx, func() bool { return l.hasPassed(name, at) })
}

// HasPassed reports that a consumer that runs in this process has had all events before a
// cursor, or that the log is another one by now.
func (l *Log) HasPassed(name string, at Cursor) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hasPassed(name, at)
}

func (l *Log) hasPassed(name string, at Cursor) bool {
	passed := l.passed[name]
	return l.id != at.Log || passed.Log == at.Log && passed.Seq >= at.Seq
}

// retry calls f until it returns nil or ctx ends, and reports whether it has returned nil.
func (l *Log) retry(ctx context.Context, name string, f func() error) bool {
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		err := f()
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		l.options.Log.Warn("pictures were not forgotten everywhere; trying again", "consumer", name, "cause", err)
		if Sleep(ctx, pause+rand.N(pause/2)) != nil {
			return false
		}
	}
}

// Sleep pauses for d, or returns the error of ctx if that ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// forgetAttempts is how often ForgetAll tries.
const forgetAttempts = 3

// ForgetAll calls forget for all, and again, after a pause of a second, for those for which it
// has returned an error. Those for which that happens three times are logged. The error is
// that of ctx.
func ForgetAll[T any](ctx context.Context, log *slog.Logger, all []T, forget func(T) error) error {
	for attempt := 1; ; attempt++ {
		var failed []T
		var cause error
		for _, one := range all {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := forget(one); err != nil {
				failed, cause = append(failed, one), err
			}
		}
		if len(failed) == 0 {
			return nil
		}
		if attempt == forgetAttempts {
			log.Error("pictures cannot be forgotten: old ones may be served", "pictures", len(failed), "cause", cause)
			return nil
		}
		all = failed
		if err := Sleep(ctx, firstPause); err != nil {
			return err
		}
	}
}

// ReportLost logs that a consumer will not get events, and tells Options.Lost.
func (l *Log) ReportLost(consumer string, events uint64) {
	l.options.Log.Error("invalidations were lost: what this consumer of them keeps may be old", "consumer", consumer, "events", events)
	if l.options.Lost != nil {
		l.options.Lost(events)
	}
}

// Self is the consumer of ApplyOthers, for Await.
const Self = "self"

// ApplyOthers calls forget, which forgets a picture on this node, for each event that another
// process has appended, or this program before it was killed, until ctx ends. It begins at the
// position that was saved when the log was opened: what another process has saved since says
// nothing of what this one keeps. Where none was, as when it was killed at once, it begins
// with the log: to forget a picture again costs little.
func (l *Log) ApplyOthers(ctx context.Context, forget func(variant.Key) error) {
	l.Wait(ctx, Cursor{}) // until there is a log
	l.follow(ctx, Self, l.self, func(ctx context.Context, b Batch) error {
		others := slices.DeleteFunc(slices.Clone(b.Events), func(e Event) bool { return e.Own })
		err := ForgetAll(ctx, l.options.Log, others, func(e Event) error { return forget(e.Key) })
		if err != nil {
			return err
		}
		l.awaitRecords()
		l.SaveCursor(Self, b.Next)
		return nil
	})
}

// awaitRecords returns when all own events that were read until now are forgotten here.
func (l *Log) awaitRecords() {
	l.recording.Lock()
	defer l.recording.Unlock()
}
