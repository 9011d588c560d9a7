package pipeline

import (
	"context"

	"github.com/thumbery/thumbery/variant"
)

// primeQueue is how many pictures may wait to be primed.
const primeQueue = 10_000

// Primer makes pictures before anybody asks, one after the other.
type Primer struct {
	pipeline *Pipeline
	variants []variant.Variant
	queue    chan variant.Key
}

// NewPrimer returns a Primer that makes each of variants of a picture, and of
// those with FormatAuto what the usual browsers get.
func (p *Pipeline) NewPrimer(variants []variant.Variant) *Primer {
	return &Primer{p, variants, make(chan variant.Key, primeQueue)}
}

// Add puts a picture into the queue, and reports false if that is full.
func (r *Primer) Add(key variant.Key) bool {
	select {
	case r.queue <- key:
		return true
	default:
		return false
	}
}

// Waiting returns how many pictures are in the queue.
func (r *Primer) Waiting() int { return len(r.queue) }

// Run makes what is in the queue until ctx is done.
func (r *Primer) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case key := <-r.queue:
			r.prime(ctx, key)
		}
	}
}

func (r *Primer) prime(ctx context.Context, key variant.Key) {
	for _, v := range r.variants {
		for _, a := range r.pipeline.audiences(v) {
			result, err := r.pipeline.Picture(ctx, key, v, a)
			if ctx.Err() != nil {
				return
			}
			r.pipeline.Observer.Primed(err)
			if err != nil {
				r.pipeline.Log.Warn("cannot prime a picture", "key", key, "options", v, "cause", err)
				continue
			}
			result.Blob.Close()
		}
	}
}

// audiences are what the usual browsers accept, as far as it makes a difference
// to v: those of today, those of yesterday, and programs.
func (p *Pipeline) audiences(v variant.Variant) []variant.Accept {
	if v.Format != variant.FormatAuto {
		return []variant.Accept{0}
	}
	var all []variant.Accept
	seen := map[variant.Accept]bool{}
	for _, a := range []variant.Accept{variant.AcceptWebP | variant.AcceptAVIF, variant.AcceptWebP, 0} {
		if a = p.Heed(a); !seen[a] {
			seen[a] = true
			all = append(all, a)
		}
	}
	return all
}
