package invalidation

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thumbery/thumbery/internal/failpoint"
	"github.com/thumbery/thumbery/internal/files"
	"github.com/thumbery/thumbery/variant"
)

// Directory is the name of the log's directory within the cache directory.
const Directory = "invalidations"

const (
	// segmentBytes is the size from which on events go to a new segment. The log has two:
	// some 100,000 events each with keys of 30 bytes.
	segmentBytes = 8 << 20
	segments     = 2
	// lockTimeout bounds the wait for another process, which may be stopped.
	lockTimeout = 10 * time.Second
	maxReplaced = 100 // attempts to lock a file that is replaced meanwhile
)

var (
	errLocked   = errors.New("another process has locked it for too long")
	errReplaced = errors.New("its lock is replaced again and again")
)

// Options of a Log. Log is required.
type Options struct {
	// Empty says that the cache directory was empty: nothing in it is older than the log.
	Empty  bool
	NoSync bool // do not wait until events are on the disk
	// Lost, if not nil, is called with the number of events that a consumer of this
	// process will not get.
	Lost func(events uint64)
	Log  *slog.Logger
	Now  func() time.Time // nil is time.Now
}

// Log is the log in a cache directory. It holds no descriptors and needs no closing; several
// processes may use one. Its methods may be called by several goroutines.
type Log struct {
	dir     string
	options Options
	writer  string
	sync    func(*os.File) error

	self Cursor // the position of Self when the log was opened

	// recording is held for reading between appending an event and forgetting it here.
	recording sync.RWMutex

	locking chan struct{} // full while one of this process locks, or waits for that

	mu       sync.Mutex
	id       string
	segments []*segment    // in order; one at least once it was read
	opened   Cursor        // the end, when the log was first read
	changed  chan struct{} // closed when there are events, or a consumer has had some
	passed   map[string]Cursor
}

// New returns the log of a cache directory. It is created when it is first used.
func New(cacheDir string, o Options) (*Log, error) {
	dir, err := filepath.Abs(filepath.Join(cacheDir, Directory))
	if err != nil {
		return nil, fmt.Errorf("log of invalidations: %w", err)
	}
	l := &Log{dir: dir, options: o, writer: rand.Text()[:8], sync: files.Sync, locking: make(chan struct{}, 1), changed: make(chan struct{}), passed: map[string]Cursor{}}
	if o.NoSync {
		l.sync = func(*os.File) error { return nil }
	}
	if o.Now == nil {
		l.options.Now = time.Now
	}
	l.self, _ = l.Cursor(Self)
	return l, nil
}

// Append appends an event for each key, which is on the disk when it returns nil. It tells
// all consumers, and forgets nothing by itself: see Record.
func (l *Log) Append(ctx context.Context, keys ...variant.Key) error {
	events := make([]Event, len(keys))
	for i, key := range keys {
		events[i].Key = key
	}
	return l.append(ctx, events)
}

// Relay appends events that a peer has told, and that were applied here: the Key of each,
// and whether it was Late.
func (l *Log) Relay(ctx context.Context, events ...Event) error {
	events = slices.Clone(events)
	for i := range events {
		events[i].Relayed = true
	}
	return l.append(ctx, events)
}

// Record appends events and calls forget, which forgets the pictures on this node. Should
// the process be killed between the two, the next one forgets: see ApplyOthers. forget is
// also called if they cannot be appended, as on a full disk, and may have made room:
// then there is a second attempt. Errors are those of both.
func (l *Log) Record(ctx context.Context, forget func() error, keys ...variant.Key) error {
	l.recording.RLock()
	defer l.recording.RUnlock()
	err := l.Append(ctx, keys...)
	failpoint.Reach("invalidation recorded")
	forgetErr := forget()
	if err != nil {
		err = l.Append(ctx, keys...)
	}
	return errors.Join(err, forgetErr)
}

// appendAtOnce bounds how many events are written by one call, and how far a segment
// exceeds segmentBytes.
const appendAtOnce = 1000

func (l *Log) append(ctx context.Context, events []Event) error {
	for some := range slices.Chunk(events, appendAtOnce) {
		if err := l.locked(ctx, func() error { return l.write(some) }); err != nil {
			return err
		}
	}
	return nil
}

func (l *Log) write(events []Event) error {
	if l.newest().size >= segmentBytes {
		if err := l.rotate(); err != nil {
			return err
		}
	}
	now, seq := l.options.Now(), l.last()
	var b []byte
	for i, e := range events {
		e.Seq, e.At = seq+1+uint64(i), now
		b = appendRecord(b, e, l.writer)
	}
	f, err := os.OpenFile(l.newest().path, os.O_WRONLY|os.O_APPEND|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	// What an error leaves of it is read, or removed, as that of a killed process.
	if _, err := f.Write(b); err != nil {
		return err
	}
	failpoint.Reach("invalidation written")
	return l.read()
}

// rotate begins a segment, and removes the oldest.
func (l *Log) rotate() error {
	first := l.last() + 1
	if err := create(l.dir, first, l.newest().header); err != nil {
		return err
	}
	failpoint.Reach("segment created")
	return l.read()
}

func (l *Log) newest() *segment { return l.segments[len(l.segments)-1] }

// last is the Seq of the last event.
func (l *Log) last() uint64 { return l.newest().last }

// locked calls f while no other process appends, when all that was appended is read.
func (l *Log) locked(ctx context.Context, f func() error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, lockTimeout, errLocked)
	defer cancel()
	if err := l.withLock(ctx, f); err != nil {
		return fmt.Errorf("log of invalidations %s: %w", l.dir, err)
	}
	return nil
}

func (l *Log) withLock(ctx context.Context, f func() error) error {
	select {
	case l.locking <- struct{}{}:
		defer func() { <-l.locking }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	lock, err := l.lock(ctx)
	if err != nil {
		return err
	}
	defer lock.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.read(); err != nil {
		return err
	}
	return f()
}

func (l *Log) lock(ctx context.Context) (*os.File, error) {
	for range maxReplaced {
		f, err := files.OpenOrCreate(filepath.Join(l.dir, "lock"), os.O_RDWR)
		if err != nil {
			return nil, err
		}
		current, err := files.LockCurrent(ctx, f, unix.LOCK_EX)
		if current && err == nil {
			return f, nil
		}
		_ = f.Close()
		if err != nil {
			return nil, err
		}
	}
	return nil, errReplaced
}
