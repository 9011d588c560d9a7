// Package fallback makes the fallback image: a picture that is served in the requested size
// when the right one cannot be.
package fallback

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/derivatives"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// Image is the fallback image. It has a pipeline of its own, and so waits for no disk, no
// origin and no other picture.
type Image struct{ pipeline *pipeline.Pipeline }

const (
	// maxBytes bounds the results that are kept in memory: a few hundred sizes.
	maxBytes = 16 << 20
	// queue is how many sizes of it may be queued. When the queue is full, a
	// problem document is the answer.
	queue = 16
	// maxPixels bounds the pixels of the picture and of each result, which are made
	// while the machine is busy.
	maxPixels = 4 << 20
	// timeout bounds the making of one.
	timeout = 5 * time.Second
)

// New returns an Image of a picture's bytes. It inspects and resizes the picture once to see
// that it can. The settings are those of other pictures.
func New(ctx context.Context, picture []byte, r resize.Resizer, s resize.Settings) (*Image, error) {
	s.MaxPixels = min(s.MaxPixels, maxPixels)
	newGate := func() *gate.Gate { return gate.New(1, 0, queue) }
	i := &Image{pipeline.New(pipeline.Config{
		Originals: originals.Config{
			Origin: &staticOrigin{picture}, Cache: cache.Discard{}, Fetches: newGate(),
			MaxBytes: int64(len(picture)), FetchTimeout: timeout,
		},
		Derivatives: derivatives.Config{Cache: cache.Discard{}, MemoryBytes: maxBytes},
		Render:      render.Config{Resizer: r, Gate: newGate(), Settings: s, Timeout: timeout},
		Log:         slog.New(slog.DiscardHandler), Now: time.Now,
	})}
	h, err := resize.Inspect(ctx, r, resize.InMemory(picture), resize.ReadBy(r), 1)
	if err != nil {
		return nil, err
	}
	if h.Pixels() > maxPixels {
		return nil, fmt.Errorf("%w: %d x %d pixels; a fallback has at most 4 million", header.ErrTooLarge, h.Width, h.Height)
	}
	result, err := i.Picture(ctx, variant.Variant{Width: 1}, 0)
	if err != nil {
		return nil, err
	}
	return i, result.Blob.Close()
}

// Picture returns the fallback image for v. The errors are those of
// pipeline.Pipeline.Picture.
func (i *Image) Picture(ctx context.Context, v variant.Variant, a variant.Accept) (*pipeline.Result, error) {
	return i.pipeline.Picture(ctx, "fallback", v, a)
}

// staticOrigin is an origin that has one picture, under every key.
type staticOrigin struct{ picture []byte }

func (s *staticOrigin) Open(context.Context, string, storage.Version) (*storage.Object, error) {
	return &storage.Object{Body: io.NopCloser(bytes.NewReader(s.picture)), Size: int64(len(s.picture))}, nil
}

func (*staticOrigin) String() string { return "the fallback" }
