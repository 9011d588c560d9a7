// Package prime makes derivatives before anybody asks for them: with one fetch of each
// original, and one decode for all derivatives that can share it. It gives way to
// requests.
package prime

import (
	"context"
	"errors"
	"log/slog"
	"slices"
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

// Variants are those that clients may get for variants: of one with FormatAuto what
// programs get, and with all also what current and older browsers get, as far as that
// differs.
func (e *Engine) Variants(variants []variant.Variant, all bool) (wanted []Variant) {
	accepts := []variant.Accept{0}
	if all {
		const avif = variant.AcceptWebP | variant.AcceptAVIF
		accepts = []variant.Accept{avif | variant.AcceptJXL, avif, variant.AcceptWebP, 0}
	}
	for _, v := range variants {
		for _, a := range accepts {
			w := Variant{Variant: v}
			if v.Format == variant.FormatAuto {
				w.Accept = e.pipeline.Render.Settings.NormalizeAccept(v, a)
			}
			if !slices.Contains(wanted, w) {
				wanted = append(wanted, w)
			}
		}
	}
	return wanted
}

// Result is what came of priming one picture. The three numbers add up to the variants.
type Result struct {
	Made   int // derivatives
	Exist  int // existed already
	Failed int
	Err    error // the first of those: as of pipeline.Picture, cache.ErrNotKept, or a *panics.Error
}

// settle counts a derivative that was made, or failed with err.
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
// made. When ctx ends, the rest fails with its error; after a panic, with that.
func (e *Engine) Prime(ctx context.Context, key variant.Key, variants []Variant) (r Result) {
	err := panics.Try("prime", func() error { e.prime(ctx, key, variants, &r); return nil }, "key", key)
	for err != nil && r.Made+r.Exist+r.Failed < len(variants) {
		r.settle(err)
	}
	for range r.Made {
		e.observer.Primed(nil)
	}
	for range r.Failed {
		e.observer.Primed(r.Err)
	}
	return r
}

func (e *Engine) prime(ctx context.Context, key variant.Key, variants []Variant, r *Result) {
	var groups []group
	for _, v := range variants {
		request := e.pipeline.NewRequest(key, v.Variant, v.Accept)
		request.Background = true
		switch {
		case e.pipeline.Has(ctx, request):
			r.Exist++
		case needsOwnDecode(v.Variant):
			r.settle(e.primeAlone(ctx, request))
		default:
			groups = grouped(groups, &item{Request: request})
		}
	}
	for _, g := range groups {
		e.primeGroup(ctx, g, r)
	}
}

// needsOwnDecode reports that v shares no decode with others: its plan depends on the
// pixels, or it is JSON, or another page.
func needsOwnDecode(v variant.Variant) bool {
	return v.Kind != variant.Picture || v.Page > 1 || resize.NeedsLook(v)
}

func (e *Engine) primeAlone(ctx context.Context, r pipeline.Request) error {
	return retryIfMoved(func() error {
		return e.throttled(ctx, func() (time.Duration, error) { return e.pipeline.Prepare(ctx, r) })
	})
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

// restsFor is how many times as long as it has worked priming rests while there are
// requests. What the engine has begun is not interrupted, and takes a processor from
// requests: with this, of one in ten at most.
const restsFor = 9

// throttled does as many pieces of work at once as Gate.EnterBackground admits, and
// rests after each if there were requests since the one before. do returns how long the
// engine has worked. In a process without requests it is called at once.
func (e *Engine) throttled(ctx context.Context, do func() (worked time.Duration, err error)) error {
	g := e.pipeline.Render.Gate
	if g.Dedicated() {
		_, err := do()
		return err
	}
	select {
	case e.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	var rest time.Duration
	defer func() { // also after a panic; the caller need not wait
		time.AfterFunc(rest, func() { <-e.slots })
	}()
	worked, err := do()
	if now := g.Entered(); e.entered.Swap(now) != now {
		rest = restsFor * worked
	}
	return err
}
