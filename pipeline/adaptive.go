package pipeline

import (
	"context"
	"time"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/pipeline/derivatives"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

const (
	// upgradeLimit is how many upgrades may be queued or made at a time; each holds some
	// kilobytes and nothing open. One that finds no place is made when it is asked for
	// again.
	upgradeLimit = 64
	// upgradeRetry is how long an upgrade that has failed is not tried again: it may have
	// taken the whole of render.Config.Timeout.
	upgradeRetry = 10 * time.Minute
	// failureBytes bounds what is remembered of that, for some 4,000 names.
	failureBytes = 1 << 20
)

// provisional returns a picture that is fast to make if the best one is not cached and
// slow to make, and has that made for the next request; nil if that is not so.
func (p *Pipeline) provisional(ctx context.Context, r Request) (*Result, error) {
	if !p.config.Adaptive || r.Variant.Format != variant.FormatAuto || r.Variant.Kind != variant.Picture || r.Accept&variant.AcceptAVIF == 0 {
		return nil, nil
	}
	next := p.Render.NormalizeAccept(r.Accept &^ (variant.AcceptAVIF | variant.PreferWebP))
	if p.sameOutput(r, next) {
		return nil, nil
	}
	epoch := p.epochs.At(r.name)
	result, err := p.Picture(ctx, r.Key, r.Variant, next)
	switch {
	case err != nil:
		return nil, err
	case p.sameOutput(r, next): // is known now
		p.storeAlias(ctx, r, epoch, result)
		return result, nil
	case result.Stored: // else the upgrade would not be kept either
		p.upgrade(ctx, r)
	}
	result.Provisional = true
	return result, nil
}

// sameOutput reports that the same picture is made for clients that accept next, as far
// as is known without opening the original.
func (p *Pipeline) sameOutput(r Request, next variant.Accept) bool {
	h, ok := p.Originals.KnownHeader(r.ID())
	if !ok || r.Variant.Page > 1 || resize.NeedsLook(r.Variant) {
		return false
	}
	best, err := p.Render.Plan(h, r.Variant, r.Accept)
	other, otherErr := p.Render.Plan(h, r.Variant, next)
	return err != nil && otherErr != nil || err == nil && otherErr == nil && best == other
}

// storeAlias keeps what was made for other clients, in an epoch, under the name of r as
// well.
func (p *Pipeline) storeAlias(ctx context.Context, r Request, epoch uint64, result *Result) {
	if result.Shared || result.Broken || !result.Stored || result.Source != FromOrigin {
		return
	}
	data, err := result.Blob.Bytes()
	if err != nil {
		return
	}
	body := derivatives.NewBody(data, result.Blob.ModTime, result.MediaType)
	p.upgrades.Go(ctx, string(r.name), func(ctx context.Context) {
		p.Derivatives.Keep(ctx, r.name, epoch, &body)
	})
}

// upgrade makes a derivative in the background, unless that is being done or has failed
// a while ago.
func (p *Pipeline) upgrade(ctx context.Context, r Request) {
	failed, ok := p.failures.Get(r.name)
	if ok && p.config.Now().Sub(failed).Abs() < upgradeRetry {
		return
	}
	epoch := p.epochs.At(r.name)
	p.upgrades.Go(ctx, string(r.name), func(ctx context.Context) {
		p.Mezzanines.Wait(ctx, r.ID()) // from which it is made faster
		if p.Has(ctx, r) {
			return
		}
		_, err := p.Prepare(ctx, r)
		p.config.Observer.Primed(err)
		if err == nil {
			return
		}
		p.config.Log.Info("the better picture was not made", "key", r.Key, "cause", err)
		if !failure.Of(err).IsTransient() {
			p.failures.Put(r.name, epoch, p.config.Now())
		}
	})
}
