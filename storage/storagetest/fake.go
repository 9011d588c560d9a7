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

// Fake is an origin in memory that does as it is told: it counts, waits, fails,
// and lies about sizes. It is safe for use by several goroutines, also while
// it is being told.
type Fake struct {
	mu       sync.Mutex
	name     string
	objects  map[string][]byte
	modTime  map[string]time.Time
	failing  map[string]error
	failAll  error
	short    map[string]int
	size     map[string]int64
	delay    time.Duration
	open     gate
	body     gate
	opens    map[string]int
	total    int
	unclosed int
}

// gate is nil when open; when shut it is closed to let those through who wait.
type gate chan struct{}

// NewFake returns a Fake with a copy of the map; the bodies must not change.
func NewFake(objects map[string][]byte) *Fake {
	f := &Fake{
		name: "fake", objects: maps.Clone(objects), modTime: map[string]time.Time{},
		failing: map[string]error{}, short: map[string]int{}, size: map[string]int64{}, opens: map[string]int{},
	}
	if f.objects == nil {
		f.objects = map[string][]byte{}
	}
	return f
}

// tell changes f under its lock.
func (f *Fake) tell(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// SetName sets what String returns; it is "fake" at first.
func (f *Fake) SetName(name string) { f.tell(func() { f.name = name }) }

// Put adds or replaces an object.
func (f *Fake) Put(key string, data []byte) { f.tell(func() { f.objects[key] = data }) }

// Remove removes an object.
func (f *Fake) Remove(key string) { f.tell(func() { delete(f.objects, key) }) }

// SetModTime sets an object's time, which should be whole seconds UTC. Without
// it all have the same one, in 2024.
func (f *Fake) SetModTime(key string, t time.Time) { f.tell(func() { f.modTime[key] = t }) }

// Fail makes every Open of key fail with err as it is, until Fail(key, nil).
func (f *Fake) Fail(key string, err error) { f.tell(func() { f.failing[key] = err }) }

// FailAll makes every Open and Check fail with err as it is, until FailAll(nil).
func (f *Fake) FailAll(err error) { f.tell(func() { f.failAll = err }) }

// Truncate makes the body of key end after n bytes while Size stays; -1 ends it.
func (f *Fake) Truncate(key string, n int) {
	f.tell(func() {
		if f.short[key] = n; n < 0 {
			delete(f.short, key)
		}
	})
}

// Announce sets the Size that key pretends to have; -1 means that the place does
// not say. The body stays, so that it is too short or too long.
func (f *Fake) Announce(key string, size int64) { f.tell(func() { f.size[key] = size }) }

// Delay makes every Open and Check take d, or until its context is done; within
// testing/synctest that is the bubble's time. It comes after Hold.
func (f *Fake) Delay(d time.Duration) { f.tell(func() { f.delay = d }) }

// Hold makes every Open and Check wait, until release is called or its context
// is done. Release may be called several times.
func (f *Fake) Hold() (release func()) { return f.shut(&f.open) }

// HoldBodies makes the first Read of every body that is opened from now on wait,
// until release is called or the context of its Open is done.
func (f *Fake) HoldBodies() (release func()) { return f.shut(&f.body) }

func (f *Fake) shut(g *gate) (release func()) {
	made := make(gate)
	f.tell(func() { *g = made })
	return sync.OnceFunc(func() {
		f.tell(func() {
			if *g == made {
				*g = nil
			}
		})
		close(made)
	})
}

// Opens is how often key was asked for, with whatever outcome.
func (f *Fake) Opens(key string) (n int) {
	f.tell(func() { n = f.opens[key] })
	return n
}

// TotalOpens is how often Open was called.
func (f *Fake) TotalOpens() (n int) {
	f.tell(func() { n = f.total })
	return n
}

// Unclosed is how many bodies have been handed out and not closed.
func (f *Fake) Unclosed() (n int) {
	f.tell(func() { n = f.unclosed })
	return n
}

// Open counts, waits, fails or answers.
func (f *Fake) Open(ctx context.Context, key string) (*storage.Object, error) {
	f.tell(func() { f.opens[key]++; f.total++ })
	if err := f.wait(ctx); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	data, found := f.objects[key]
	switch {
	case f.failAll != nil:
		return nil, f.failAll
	case f.failing[key] != nil:
		return nil, f.failing[key]
	case !found:
		return nil, storage.NotFound(f.name, key)
	}
	return f.object(ctx, key, data), nil
}

func (f *Fake) object(ctx context.Context, key string, data []byte) *storage.Object {
	size := int64(len(data))
	if pretended, ok := f.size[key]; ok {
		size = pretended
	}
	modTime, ok := f.modTime[key]
	if !ok {
		modTime = time.Date(2024, 5, 17, 10, 30, 0, 0, time.UTC)
	}
	sum := sha256.Sum256(data)
	if n, ok := f.short[key]; ok {
		data = data[:min(n, len(data))]
	}
	f.unclosed++
	body := &fakeBody{ctx: ctx, Reader: bytes.NewReader(data), hold: f.body, close: func() { f.tell(func() { f.unclosed-- }) }}
	return &storage.Object{
		Body: storage.Exact(ctx, body, size, f.name), Size: size,
		ModTime: modTime, ETag: hex.EncodeToString(sum[:8]),
	}
}

// wait is Hold and then Delay.
func (f *Fake) wait(ctx context.Context) error {
	f.mu.Lock()
	hold, delay, name := f.open, f.delay, f.name
	f.mu.Unlock()
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
	if err := f.wait(ctx); err != nil {
		return err
	}
	f.tell(func() { err = f.failAll })
	return err
}

func (f *Fake) String() (name string) {
	f.tell(func() { name = f.name })
	return name
}

// fakeBody is closed once: Exact sees to that.
type fakeBody struct {
	io.Reader
	ctx   context.Context
	hold  gate
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
