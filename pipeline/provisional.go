package pipeline

import (
	"context"
	"time"

	"github.com/thumbery/thumbery/cache/shared"
	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/pipeline/derivatives"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

const (
	// upgradeLimit is how many upgrades may be queued or made at a time; each holds some
	// kilobytes and nothing open. Beyond that, an upgrade is left to the next request.
	upgradeLimit = 64
	// upgradeRetry is how long an upgrade that has failed is not tried again: it may have
	// taken the whole of render.Config.Timeout.
	upgradeRetry = 10 * time.Minute
	// failureBytes bounds the memory for failed upgrades: some 4,000 names.
	failureBytes = 1 << 20
)

// FasterAccept returns the Accept of a picture that is faster to make. ok is false if there
// is none: the request chooses neither AVIF nor JPEG XL, or Config.Adaptive is off.
func (p *Pipeline) FasterAccept(r Request) (next variant.Accept, ok bool) {
	if !p.config.Adaptive || r.Variant.Format != variant.FormatAuto || r.Variant.Kind != variant.Picture {
		return 0, false
	}
	next = r.Accept.Only(func(f variant.Format) bool { return f == variant.WebP })
	return next, next != r.Accept && !p.sameOutput(r, next)
}

// adaptivePicture returns the picture for clients that accept next, which is faster to
// make, and has the one of r made in the background for later requests.
func (p *Pipeline) adaptivePicture(ctx context.Context, r Request, next variant.Accept) (*Result, error) {
	epoch := p.epochs.At(r.name)
	result, err := p.Picture(ctx, r.Key, r.Variant, next)
	switch {
	case err != nil:
		return nil, err
	case p.sameOutput(r, next): // the header is known now
		p.storeAlias(ctx, r, epoch, result)
		return result, nil
	case result.Stored: // else the upgrade would not be kept either
		p.upgrade(ctx, r)
	}
	result.Provisional = true
	return result, nil
}

// sameOutput reports whether the same picture is known to be made for clients that accept
// next. It does not open the original.
func (p *Pipeline) sameOutput(r Request, next variant.Accept) bool {
	h, ok := p.Originals.KnownHeader(r.ID())
	if !ok || r.Variant.Page > 1 || resize.NeedsLook(r.Variant) {
		return false
	}
	best, err := p.Render.Plan(h, r.Variant, r.Accept)
	other, otherErr := p.Render.Plan(h, r.Variant, next)
	return err != nil && otherErr != nil || err == nil && otherErr == nil && best == other
}

// storeAlias also keeps a result under the name of r, unless its picture was forgotten
// since the epoch.
func (p *Pipeline) storeAlias(ctx context.Context, r Request, epoch uint64, result *Result) {
	if result.Shared || result.Broken || !result.Stored || result.Source != Made {
		return
	}
	data, err := result.Blob.Bytes()
	if err != nil {
		return
	}
	body := derivatives.NewBody(data, result.Blob.ModTime, result.MediaType)
	r.Background = true
	m := &made{Body: body, cost: shared.Cost{Always: true}, answer: Result{Source: Made, Epoch: epoch}}
	p.upgrades.Go(ctx, string(r.name), func(ctx context.Context) { p.keep(ctx, r, m) })
}

// upgrade makes a derivative in the background, unless it is being made, or failed within
// upgradeRetry.
func (p *Pipeline) upgrade(ctx context.Context, r Request) {
	failed, ok := p.failures.Get(r.name)
	if ok && p.config.Now().Sub(failed).Abs() < upgradeRetry {
		return
	}
	epoch := p.epochs.At(r.name)
	p.upgrades.Go(ctx, string(r.name), func(ctx context.Context) {
		p.Mezzanines.Wait(ctx, r.ID()) // making it from the mezzanine is faster
		if p.Has(ctx, r) {
			return
		}
		_, err := p.Prepare(ctx, r)
		p.config.Observer.Primed(err)
		if err == nil {
			return
		}
		p.config.Log.Info("cannot make the upgrade", "key", r.Key, "cause", err)
		if !failure.Of(err).IsTransient() {
			p.failures.Put(r.name, epoch, p.config.Now())
		}
	})
}
