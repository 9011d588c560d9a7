package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/pipeline/derivatives"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// Fallback is a picture that is served in the requested size when the right one cannot be.
// It has a pipeline of its own, and so waits for no disk, no origin and no other picture.
type Fallback struct {
	pipeline *Pipeline
	key      variant.Key
}

const (
	// fallbackBytes bounds the results that are kept in memory: a few hundred sizes.
	fallbackBytes = 16 << 20
	// fallbackQueue is how many sizes of it may be queued. When the queue is full, a
	// problem document is the answer.
	fallbackQueue = 16
	// fallbackPixels bounds the pixels of the picture and of each result, which are made
	// while the machine is busy.
	fallbackPixels = 4 << 20
	// fallbackTimeout bounds the making of one.
	fallbackTimeout = 5 * time.Second
)

// NewFallback returns a Fallback of a picture's bytes. It inspects and resizes the picture
// once to see that it can. The settings are those of other pictures.
func NewFallback(ctx context.Context, picture []byte, r resize.Resizer, s resize.Settings) (*Fallback, error) {
	f := &Fallback{key: "fallback"}
	s.MaxPixels = min(s.MaxPixels, fallbackPixels)
	newGate := func() *gate.Gate { return gate.New(1, 0, fallbackQueue) }
	f.pipeline = New(Config{
		Originals: originals.Config{
			Origin: &staticOrigin{picture}, Cache: cache.Discard{}, Fetches: newGate(),
			MaxBytes: int64(len(picture)), FetchTimeout: fallbackTimeout,
		},
		Derivatives: derivatives.Config{Cache: cache.Discard{}, MemoryBytes: fallbackBytes},
		Render:      render.Config{Resizer: r, Gate: newGate(), Settings: s, Timeout: fallbackTimeout},
		Log:         slog.New(slog.DiscardHandler), Now: time.Now,
	})
	h, err := resize.Inspect(ctx, r, resize.InMemory(picture), resize.ReadBy(r), 1)
	if err != nil {
		return nil, err
	}
	if h.Pixels() > fallbackPixels {
		return nil, fmt.Errorf("%w: %d x %d pixels; a fallback has at most 4 million", header.ErrTooLarge, h.Width, h.Height)
	}
	result, err := f.Picture(ctx, variant.Variant{Width: 1}, 0)
	if err != nil {
		return nil, err
	}
	return f, result.Blob.Close()
}

// Picture returns the fallback image for v. The errors are those of
// Pipeline.Picture.
func (f *Fallback) Picture(ctx context.Context, v variant.Variant, a variant.Accept) (*Result, error) {
	return f.pipeline.Picture(ctx, f.key, v, a)
}

// Load returns how many of its sizes are being made, and how many are queued.
func (f *Fallback) Load() (running, waiting int) { return f.pipeline.Render.Gate.Load() }

// staticOrigin is an origin that has one picture, under every key.
type staticOrigin struct{ picture []byte }

func (s *staticOrigin) Open(context.Context, string, storage.Version) (*storage.Object, error) {
	return &storage.Object{Body: io.NopCloser(bytes.NewReader(s.picture)), Size: int64(len(s.picture))}, nil
}

func (*staticOrigin) String() string { return "the fallback" }
