package invalidation

import (
	"context"
	"os"
	"slices"
	"time"
)

// watchEvery is how often Watch looks for events of other processes.
const watchEvery = 250 * time.Millisecond

// Watch notices what other processes append, until ctx ends.
func (l *Log) Watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	failed := false
	for {
		if l.isStale() {
			_, err := l.End(ctx)
			if err != nil && !failed && ctx.Err() == nil {
				l.options.Log.Error("pictures cannot be forgotten on other nodes", "cause", err)
			}
			failed = err != nil
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// isStale reports that another process has appended, or removed something. It does not lock the
// log, which other processes would wait for.
func (l *Log) isStale() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	firsts, err := l.listFiles()
	if err != nil || len(firsts) == 0 || !slices.Equal(firsts, l.files) {
		return true
	}
	info, err := os.Stat(l.path(firsts[len(firsts)-1]))
	return err != nil || info.Size() != l.size
}

// Wait returns when the log may have events after a cursor that After has returned, or ctx
// ends. Those of other processes it only notices while Watch runs.
func (l *Log) Wait(ctx context.Context, at Cursor) {
	_ = l.wait(ctx, func() bool { return l.end() != at })
}

// WaitForPeer is Wait for events that are not Relayed. A cursor may pass those that are when
// ctx has ended.
func (l *Log) WaitForPeer(ctx context.Context, at Cursor) {
	_ = l.wait(ctx, func() bool {
		return l.id != at.Log || l.last < at.Seq || slices.ContainsFunc(l.since(at.Seq), func(e Event) bool { return !e.Relayed })
	})
}

// wait returns when done, which is called with l.mu held, returns true, or the error of ctx.
func (l *Log) wait(ctx context.Context, done func() bool) error {
	for {
		l.mu.Lock()
		isDone, changed := done(), l.changed
		l.mu.Unlock()
		if isDone {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}
