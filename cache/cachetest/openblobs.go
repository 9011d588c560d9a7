package cachetest

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/variant"
)

// OpenBlobs is a Fake that knows how many of its Blobs are open.
type OpenBlobs struct {
	*Fake
	Filled func() // if not nil, is called by Fill before it returns
	mu     sync.Mutex
	open   int
}

func (f *OpenBlobs) opened(b *cache.Blob, err error) (*cache.Blob, error) {
	if err == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.open++
		b.OnClose = func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.open--
		}
	}
	return b, err
}

// Open implements cache.Store.
func (f *OpenBlobs) Open(name variant.Name) (*cache.Blob, error) { return f.opened(f.Fake.Open(name)) }

// Peek implements cache.Store.
func (f *OpenBlobs) Peek(name variant.Name) (*cache.Blob, error) { return f.opened(f.Fake.Peek(name)) }

// Fill implements cache.Store.
func (f *OpenBlobs) Fill(ctx context.Context, name variant.Name, r io.Reader, modTime time.Time) (*cache.Blob, error) {
	b, err := f.opened(f.Fake.Fill(ctx, name, r, modTime))
	if f.Filled != nil {
		f.Filled()
	}
	return b, err
}

// Unclosed is how many Blobs are open.
func (f *OpenBlobs) Unclosed() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.open
}
