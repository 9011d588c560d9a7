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

const lockFile = "lock" // in it

const (
	// fileBytes is the size from which on events go to a new file. The log has two: some
	// 100,000 events each with keys of 30 bytes, which take 25 MB of memory.
	fileBytes = 8 << 20
	maxFiles  = 2
	// lockTimeout bounds the wait for another process, which may be stopped.
	lockTimeout = 10 * time.Second
)

var errLocked = errors.New("another process has locked it for too long")

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
	contents               // that were read
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

// appendAtOnce bounds how many events are written by one call, and how far a file exceeds
// fileBytes.
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
	if l.size >= fileBytes {
		if err := l.createFile(l.last+1, l.header); err != nil {
			return err
		}
		failpoint.Reach("segment created")
		if err := l.read(); err != nil {
			return err
		}
	}
	now := l.options.Now()
	var b []byte
	for i, e := range events {
		e.Seq, e.At = l.last+1+uint64(i), now
		b = appendRecord(b, e, l.writer)
	}
	f, err := os.OpenFile(l.path(l.files[len(l.files)-1]), os.O_WRONLY|os.O_APPEND|unix.O_NOFOLLOW, 0)
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

// locked calls f with l.mu held, while no other process appends, when all that was appended
// is read.
func (l *Log) locked(ctx context.Context, f func() error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("log of invalidations %s: %w", l.dir, err)
		}
	}()
	ctx, cancel := context.WithTimeoutCause(ctx, lockTimeout, errLocked)
	defer cancel()
	select {
	case l.locking <- struct{}{}:
		defer func() { <-l.locking }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	lock, err := files.OpenLocked(ctx, filepath.Join(l.dir, lockFile), os.O_RDWR, unix.LOCK_EX)
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
