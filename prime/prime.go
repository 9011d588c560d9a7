// Package prime makes derivatives before anybody asks for them: with one fetch of each
// original, and one decode for all derivatives that can share it. It gives way to
// requests.
package prime

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

// Engine primes pictures. It is safe for use by several goroutines.
type Engine struct {
	pipeline *pipeline.Pipeline
	observer Observer
	log      *slog.Logger
	slots    chan struct{} // one for each piece of work, and the rest after it
	entered  atomic.Uint64 // Gate.Entered when the engine last worked
}

// Observer is told what happens, for metrics.
type Observer interface {
	// Primed: a derivative was made, or could not be.
	Primed(err error)
}

// New returns an Engine.
func New(p *pipeline.Pipeline, o Observer, log *slog.Logger) *Engine {
	return &Engine{pipeline: p, observer: o, log: log, slots: make(chan struct{}, p.Render.Gate.MaxBackground())}
}

// Variant is one derivative of a picture.
type Variant struct {
	Variant variant.Variant
	Accept  variant.Accept // as resize.Settings.NormalizeAccept gives it
}

// Result is what came of priming one picture. The three numbers add up to the variants.
type Result struct {
	Made   int // derivatives
	Exist  int // existed already
	Failed int
	Err    error // the first of those: as of pipeline.Picture, cache.ErrNotKept, or a *panics.Error
}

// settle counts one that was made, or not.
func (r *Result) settle(err error) {
	if err == nil {
		r.Made++
		return
	}
	r.Failed++
	if r.Err == nil {
		r.Err = err
	}
}

// Prime makes those variants of a picture that are not on disk yet. It holds neither
// memory nor a file while it is queued. Where the disk takes no original, nothing is
// made. When ctx ends, the rest fails with its error.
func (e *Engine) Prime(ctx context.Context, key variant.Key, variants []Variant) Result {
	return e.prime(ctx, key, variants, unthrottled)
}

func (e *Engine) prime(ctx context.Context, key variant.Key, variants []Variant, throttle throttle) Result {
	var r Result
	var groups []*group
	for _, v := range variants {
		request := e.pipeline.NewRequest(key, v.Variant, v.Accept)
		request.Background = true
		switch {
		case e.pipeline.Has(ctx, request):
			r.Exist++
		case needsOwnDecode(v.Variant):
			r.settle(retryIfMoved(func() error { return e.primeAlone(ctx, request, throttle) }))
		default:
			groups = grouped(groups, &item{Request: request}, throttle)
		}
	}
	for _, g := range groups {
		e.primeGroup(ctx, g, &r)
	}
	for range r.Made {
		e.observer.Primed(nil)
	}
	for range r.Failed {
		e.observer.Primed(r.Err)
	}
	return r
}

// needsOwnDecode reports that v shares no decode with others: its plan depends on the
// pixels, or it is JSON, or another page.
func needsOwnDecode(v variant.Variant) bool {
	return v.Kind != variant.Picture || v.Page > 1 || resize.NeedsLook(v)
}

func (e *Engine) primeAlone(ctx context.Context, r pipeline.Request, throttle throttle) error {
	return throttle(ctx, func() (time.Duration, error) { return e.pipeline.Prepare(ctx, r) })
}

// retryIfMoved does something again if what it was to be made from was purged or
// replaced while it was queued.
func retryIfMoved(do func() error) error {
	err := do()
	if errors.Is(err, originals.ErrMoved) || errors.Is(err, cache.ErrUnreadable) {
		err = do()
	}
	return err
}

// primeGroup makes those of a group that the mezzanine serves from that, if there is
// one, and the others, with a mezzanine, from the original.
func (e *Engine) primeGroup(ctx context.Context, g *group, r *Result) {
	err := panics.Try("prime", func() error {
		return retryIfMoved(func() error {
			if err := e.primeFromMezzanine(ctx, g, r); err != nil {
				return err
			}
			return e.primeFromOriginal(ctx, g, r)
		})
	})
	for _, i := range g.left() {
		i.settle(r, err)
	}
}
