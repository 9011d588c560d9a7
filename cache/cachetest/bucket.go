package cachetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/thumbery/thumbery/internal/failure"
)

// The errors of a Bucket.
var (
	errNoObject = failure.With(failure.NotFound, errors.New("no such object"))
	errTooLarge = failure.With(failure.Answered, errors.New("the object is too large"))
)

// BucketObject is an object of a Bucket.
type BucketObject struct {
	Body            []byte
	MediaType, Note string
}

// Bucket is a shared.Bucket in memory that fails, hangs and counts when told to.
type Bucket struct {
	mu      sync.Mutex
	objects map[string]BucketObject
	calls   map[string]int
	err     error
	hangs   bool
	// BeforePut and AfterPut, if not nil, are called by Put, before and after the object is
	// there. Delay is how long each call takes. They are set before the first call.
	BeforePut, AfterPut func(key string)
	Delay               time.Duration
}

// NewBucket returns an empty Bucket.
func NewBucket() *Bucket {
	return &Bucket{objects: map[string]BucketObject{}, calls: map[string]int{}}
}

// Fail makes all calls return err, until Fail(nil).
func (b *Bucket) Fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

// Hang makes all calls wait until their context ends, until Hang(false).
func (b *Bucket) Hang(on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hangs = on
}

// Calls returns how often a method was called.
func (b *Bucket) Calls(method string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.calls[method]
}

// Objects returns all objects by key.
func (b *Bucket) Objects() map[string]BucketObject {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.objects)
}

// Set stores an object as anybody may.
func (b *Bucket) Set(key string, o BucketObject) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.objects[key] = o
}

// begin counts a call, and fails or hangs.
func (b *Bucket) begin(ctx context.Context, method string) error {
	b.mu.Lock()
	b.calls[method]++
	err, hangs := b.err, b.hangs
	b.mu.Unlock()
	time.Sleep(b.Delay)
	if hangs {
		<-ctx.Done()
	}
	return errors.Join(ctx.Err(), err)
}

// Get implements shared.Bucket.
func (b *Bucket) Get(ctx context.Context, key string, maxBytes int64) (body []byte, note string, err error) {
	if err := b.begin(ctx, "Get"); err != nil {
		return nil, "", err
	}
	o, ok := b.Objects()[key]
	switch {
	case !ok:
		return nil, "", fmt.Errorf("%w: %s", errNoObject, key)
	case int64(len(o.Body)) > maxBytes:
		return nil, "", errTooLarge
	}
	return bytes.Clone(o.Body), o.Note, nil
}

// Put implements shared.Bucket.
func (b *Bucket) Put(ctx context.Context, key string, body []byte, mediaType, note string) error {
	if b.BeforePut != nil {
		b.BeforePut(key)
	}
	if err := b.begin(ctx, "Put"); err != nil {
		return err
	}
	b.Set(key, BucketObject{bytes.Clone(body), mediaType, note})
	if b.AfterPut != nil {
		b.AfterPut(key)
	}
	return nil
}

// Delete implements shared.Bucket.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	if err := b.begin(ctx, "Delete"); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.objects, key)
	return nil
}

// List implements shared.Bucket.
func (b *Bucket) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := b.begin(ctx, "List"); err != nil {
			yield("", err)
			return
		}
		for _, key := range slices.Sorted(maps.Keys(b.Objects())) {
			if strings.HasPrefix(key, prefix) && !yield(key, nil) {
				return
			}
		}
	}
}

// Check implements shared.Bucket.
func (b *Bucket) Check(ctx context.Context) error { return b.begin(ctx, "Check") }

// String implements shared.Bucket.
func (b *Bucket) String() string { return "fake" }
