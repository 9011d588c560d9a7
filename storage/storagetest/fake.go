package storagetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"sync"
	"time"

	"github.com/thumbery/thumbery/storage"
)

// Fake is an origin in memory that can be made to wait, to fail and to announce wrong
// sizes, and that counts its calls. It is safe for use by several goroutines, also while
// its behaviour is changed.
type Fake struct {
	mu       sync.Mutex
	name     string
	objects  map[string][]byte
	modTime  map[string]time.Time
	failing  map[string]error
	failAll  error
	failNext int
	nextErr  error
	short    map[string]int
	breaks   map[string]int
	size     map[string]int64
	etag     map[string]string
	encoding map[string]string
	down     bool
	delay    time.Duration
	open     barrier
	hang     barrier
	body     barrier
	opens    map[string]int
	total    int
	checks   int
	unclosed int
}

// barrier holds calls up until it is closed; nil holds nothing up.
type barrier chan struct{}

// NewFake returns a Fake with a copy of the map; the bodies must not change.
func NewFake(objects map[string][]byte) *Fake {
	f := &Fake{
		name: "fake", objects: maps.Clone(objects), modTime: map[string]time.Time{},
		failing: map[string]error{}, short: map[string]int{}, breaks: map[string]int{}, size: map[string]int64{},
		etag: map[string]string{}, encoding: map[string]string{}, opens: map[string]int{},
	}
	if f.objects == nil {
		f.objects = map[string][]byte{}
	}
	return f
}

// update changes f under its lock.
func (f *Fake) update(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// SetName sets what String returns; it is "fake" at first.
func (f *Fake) SetName(name string) { f.update(func() { f.name = name }) }

// Put adds or replaces an object.
func (f *Fake) Put(key string, data []byte) { f.update(func() { f.objects[key] = data }) }

// Remove removes an object.
func (f *Fake) Remove(key string) { f.update(func() { delete(f.objects, key) }) }

// SetModTime sets an object's time, which should be whole seconds UTC. Without
// it all have the same one, in 2024.
func (f *Fake) SetModTime(key string, t time.Time) { f.update(func() { f.modTime[key] = t }) }

// Fail makes every Open of key fail with err as it is, until Fail(key, nil).
func (f *Fake) Fail(key string, err error) { f.update(func() { f.failing[key] = err }) }

// FailNext makes the next n calls of Open fail with err as it is.
func (f *Fake) FailNext(n int, err error) { f.update(func() { f.failNext, f.nextErr = n, err }) }

// FailAll makes every Open and Check fail with err as it is, until FailAll(nil).
func (f *Fake) FailAll(err error) { f.update(func() { f.failAll = err }) }

// Truncate makes the body of key end after n bytes while Size stays; -1 ends it.
func (f *Fake) Truncate(key string, n int) { f.BreakNext(key, n, -1) }

// BreakNext is Truncate for the next times bodies of key only.
func (f *Fake) BreakNext(key string, n, times int) {
	f.update(func() {
		if f.short[key], f.breaks[key] = n, times; n < 0 {
			delete(f.short, key)
		}
	})
}

// SetEncoding gives an object an Encoding.
func (f *Fake) SetEncoding(key, encoding string) { f.update(func() { f.encoding[key] = encoding }) }

// SetETag sets an object's ETag. Without it that is a hash of the bytes.
func (f *Fake) SetETag(key, etag string) { f.update(func() { f.etag[key] = etag }) }

// SetDown sets what Down returns, and nothing else.
func (f *Fake) SetDown(down bool) { f.update(func() { f.down = down }) }

// Down returns what SetDown has set.
func (f *Fake) Down() (down bool) {
	f.update(func() { down = f.down })
	return down
}

// Announce sets the Size that key pretends to have; -1 means unknown. The
// body stays, so that it is too short or too long.
func (f *Fake) Announce(key string, size int64) { f.update(func() { f.size[key] = size }) }

// Delay makes every Open and Check take d, or until its context is done; within
// testing/synctest that is the bubble's time. It comes after Hold.
func (f *Fake) Delay(d time.Duration) { f.update(func() { f.delay = d }) }

// Hold makes every Open and Check wait, until release is called or its context
// is done. Release may be called several times.
func (f *Fake) Hold() (release func()) { return f.shut(&f.open) }

// Reopen ends Hold for future calls. Those that wait continue to wait for release.
func (f *Fake) Reopen() { f.update(func() { f.open = nil }) }

// Hang is Hold for calls that ignore their context, as a system call on a dead file
// server does.
func (f *Fake) Hang() (release func()) { return f.shut(&f.hang) }

// HoldBodies makes the first Read of every body that is opened from now on wait,
// until release is called or the context of its Open is done.
func (f *Fake) HoldBodies() (release func()) { return f.shut(&f.body) }

func (f *Fake) shut(b *barrier) (release func()) {
	made := make(barrier)
	f.update(func() { *b = made })
	return sync.OnceFunc(func() {
		f.update(func() {
			if *b == made {
				*b = nil
			}
		})
		close(made)
	})
}

// Opens returns how often Open was called for key, with whatever outcome.
func (f *Fake) Opens(key string) (n int) {
	f.update(func() { n = f.opens[key] })
	return n
}

// TotalOpens returns how often Open was called.
func (f *Fake) TotalOpens() (n int) {
	f.update(func() { n = f.total })
	return n
}

// TotalChecks returns how often Check was called.
func (f *Fake) TotalChecks() (n int) {
	f.update(func() { n = f.checks })
	return n
}

// Unclosed returns how many bodies are open.
func (f *Fake) Unclosed() (n int) {
	f.update(func() { n = f.unclosed })
	return n
}

// Open implements storage.Origin.
func (f *Fake) Open(ctx context.Context, key string, have storage.Version) (*storage.Object, error) {
	f.update(func() { f.opens[key]++; f.total++ })
	if err := f.wait(ctx); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failNext > 0 {
		f.failNext--
		return nil, f.nextErr
	}
	entry, err := f.entry(key)
	switch {
	case err != nil:
		return nil, err
	case have.Is(storage.Version{ETag: entry.ETag, ModTime: entry.ModTime}):
		return nil, storage.ErrNotModified
	}
	return f.object(ctx, entry), nil
}

// entry returns the entry of key, or the error that Open returns.
func (f *Fake) entry(key string) (storage.Entry, error) {
	data, found := f.objects[key]
	switch {
	case f.failAll != nil:
		return storage.Entry{}, f.failAll
	case f.failing[key] != nil:
		return storage.Entry{}, f.failing[key]
	case !found:
		return storage.Entry{}, storage.NotFound(f.name, key)
	}
	e := storage.Entry{Key: key, Size: int64(len(data)), ModTime: time.Date(2024, 5, 17, 10, 30, 0, 0, time.UTC)}
	if size, ok := f.size[key]; ok {
		e.Size = size
	}
	if modTime, ok := f.modTime[key]; ok {
		e.ModTime = modTime
	}
	sum := sha256.Sum256(data)
	e.ETag = hex.EncodeToString(sum[:8])
	if etag, ok := f.etag[key]; ok {
		e.ETag = etag
	}
	return e, nil
}

func (f *Fake) object(ctx context.Context, e storage.Entry) *storage.Object {
	data := f.objects[e.Key]
	if n, ok := f.short[e.Key]; ok {
		data = data[:min(n, len(data))]
		if f.breaks[e.Key]--; f.breaks[e.Key] == 0 {
			delete(f.short, e.Key)
		}
	}
	f.unclosed++
	body := &fakeBody{ctx: ctx, Reader: bytes.NewReader(data), hold: f.body, close: func() { f.update(func() { f.unclosed-- }) }}
	return &storage.Object{Body: storage.ExactLength(ctx, body, e.Size, f.name), Size: e.Size, ModTime: e.ModTime, ETag: e.ETag, Encoding: f.encoding[e.Key]}
}

// wait waits for Hang, then Hold, then Delay.
func (f *Fake) wait(ctx context.Context) error {
	f.mu.Lock()
	hang, hold, delay, name := f.hang, f.open, f.delay, f.name
	f.mu.Unlock()
	if hang != nil {
		<-hang
	}
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
		}
	}
	if delay > 0 && ctx.Err() == nil {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	if err := ctx.Err(); err != nil {
		return storage.Unavailable(ctx, name, err)
	}
	return nil
}

// Check waits and fails as Open does.
func (f *Fake) Check(ctx context.Context) (err error) {
	f.update(func() { f.checks++ })
	if err := f.wait(ctx); err != nil {
		return err
	}
	f.update(func() { err = f.failAll })
	return err
}

func (f *Fake) String() (name string) {
	f.update(func() { name = f.name })
	return name
}

// fakeBody is closed once: ExactLength guarantees that.
type fakeBody struct {
	io.Reader
	ctx   context.Context
	hold  barrier
	close func()
}

func (b *fakeBody) Read(p []byte) (int, error) {
	if b.hold != nil {
		select {
		case <-b.hold:
		case <-b.ctx.Done():
			return 0, b.ctx.Err()
		}
	}
	return b.Reader.Read(p)
}

func (b *fakeBody) Close() error {
	b.close()
	return nil
}
