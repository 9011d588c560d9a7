package invalidation

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// read reads what was appended since the last read, by this process or another one, and
// wakes those who wait. The log must be locked.
func (l *Log) read() error {
	before := l.end()
	firsts, err := segmentsIn(l.dir)
	if err != nil {
		return err
	}
	if l.segments, err = l.readSegments(firsts); err != nil {
		return err
	}
	copied, err := l.isCopied()
	if err != nil {
		return err
	}
	// A log that has become shorter is another one: its next events would have the numbers
	// of others that consumers have had. So would those of a copy.
	if copied || len(l.segments) == 0 || l.id == l.newest().id && l.last() < before.Seq {
		if err := l.recreate(); err != nil {
			return err
		}
	}
	l.id = l.newest().id
	if l.opened == (Cursor{}) {
		l.opened = l.end()
	}
	if l.end() != before {
		l.wake()
	}
	return nil
}

// wake has those who wait look again. l.mu must be held.
func (l *Log) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// isCopied reports that the cache directory was copied with its log: two nodes would take each
// other for themselves. It looks once a process, as inodes may change where a file system
// is mounted again.
func (l *Log) isCopied() (bool, error) {
	if l.id != "" || len(l.segments) == 0 {
		return false, nil
	}
	inode, err := inodeOf(l.dir)
	copied := err == nil && inode != l.newest().inode
	if copied {
		l.options.Log.Warn("this cache directory was copied: its log of invalidations begins anew")
	}
	return copied, err
}

func inodeOf(dir string) (uint64, error) {
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return 0, &os.PathError{Op: "stat", Path: dir, Err: err}
	}
	return st.Ino, nil
}

// readSegments reads the newest segments and removes older ones. It returns none if the
// newest is not one of this version, and leaves out what belongs to another log.
func (l *Log) readSegments(firsts []uint64) (all []*segment, err error) {
	keep := max(0, len(firsts)-segments)
	for _, first := range firsts[:keep] {
		if err := os.Remove(segmentPath(l.dir, first)); err != nil {
			return nil, err
		}
	}
	for _, first := range slices.Backward(firsts[keep:]) {
		s := l.known(first)
		damaged, err := s.read(l.sync)
		if damaged > 0 {
			l.options.Log.Warn("the log of invalidations is damaged: some pictures are not forgotten everywhere", "file", s.path, "lines", damaged)
		}
		switch {
		case errors.Is(err, errNoSegment):
			return all, nil
		case err != nil:
			return nil, err
		case len(all) > 0 && (s.id != all[0].id || s.last >= all[0].first):
			return all, nil
		}
		all = slices.Insert(all, 0, s)
	}
	return all, nil
}

// known returns a segment as it was read the last time.
func (l *Log) known(first uint64) *segment {
	if i := slices.IndexFunc(l.segments, func(s *segment) bool { return s.first == first }); i >= 0 {
		return l.segments[i]
	}
	return &segment{path: segmentPath(l.dir, first), first: first}
}

// recreate begins a new log.
func (l *Log) recreate() error {
	firsts, err := segmentsIn(l.dir)
	if err != nil {
		return err
	}
	for _, first := range firsts {
		if err := os.Remove(segmentPath(l.dir, first)); err != nil {
			return err
		}
	}
	inode, err := inodeOf(l.dir)
	if err != nil {
		return err
	}
	h := header{id: rand.Text(), inode: inode}
	if l.options.Empty && l.id == "" {
		h.born = l.options.Now().Unix()
	}
	if err := create(l.dir, 1, h); err != nil {
		return err
	}
	s := &segment{path: segmentPath(l.dir, 1), first: 1}
	l.segments = []*segment{s}
	_, err = s.read(l.sync)
	return err
}

// end is the Cursor after the last event that was read.
func (l *Log) end() Cursor {
	if len(l.segments) == 0 {
		return Cursor{}
	}
	return Cursor{l.id, l.last()}
}

// End is the Cursor after the last event.
func (l *Log) End(ctx context.Context) (end Cursor, err error) {
	err = l.locked(ctx, func() error { end = l.end(); return nil })
	return end, err
}

// Born is when the cache directory was empty, by this machine's clock; the zero time if
// that is not known.
func (l *Log) Born(ctx context.Context) (born time.Time, err error) {
	err = l.locked(ctx, func() error {
		if s := l.newest().born; s > 0 {
			born = time.Unix(s, 0)
		}
		return nil
	})
	return born, err
}

// watchEvery is how often Watch looks for events of other processes.
const watchEvery = 250 * time.Millisecond

// Watch notices what other processes append, until ctx ends.
func (l *Log) Watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	failed := false
	for {
		if l.stale() {
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

// stale reports that another process has appended, or removed something.
func (l *Log) stale() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	firsts, err := segmentsIn(l.dir)
	if err != nil || len(firsts) == 0 || len(l.segments) == 0 || firsts[len(firsts)-1] != l.newest().first {
		return true
	}
	info, err := os.Stat(l.newest().path)
	return err != nil || info.Size() != l.newest().size
}

// Wait returns when the log may have events after a cursor that After has returned, or ctx
// ends. Those of other processes it only notices while Watch runs.
func (l *Log) Wait(ctx context.Context, at Cursor) {
	l.wait(ctx, func() bool { return l.end() != at })
}

// WaitForPeer is Wait for events that are not Relayed. A cursor may pass those that are when
// ctx has ended.
func (l *Log) WaitForPeer(ctx context.Context, at Cursor) {
	l.wait(ctx, func() bool {
		end, has := l.end(), func(s *segment) bool { return s.told > at.Seq }
		return end.Log != at.Log || end.Seq < at.Seq || slices.ContainsFunc(l.segments, has)
	})
}

func (l *Log) wait(ctx context.Context, done func() bool) {
	for {
		l.mu.Lock()
		isDone, changed := done(), l.changed
		l.mu.Unlock()
		if isDone {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}
