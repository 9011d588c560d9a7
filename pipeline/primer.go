package pipeline

import (
	"context"

	"github.com/thumbery/thumbery/variant"
)

// primeQueue is how many pictures may wait to be primed.
const primeQueue = 10_000

// Primer primes pictures one after the other.
type Primer struct {
	pipeline *Pipeline
	wishes   []Wish
	queue    chan variant.Key
}

// NewPrimer returns a Primer that makes each of variants of a picture, and of
// those with FormatAuto what the usual browsers get.
func (p *Pipeline) NewPrimer(variants []variant.Variant) *Primer {
	return &Primer{p, p.Wishes(variants, true), make(chan variant.Key, primeQueue)}
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
			if primed := r.pipeline.primeOne(ctx, key, r.wishes); primed.Err != nil && ctx.Err() == nil {
				r.pipeline.Log.Warn("cannot prime a picture", "key", key, "cause", primed.Err)
			}
		}
	}
}

// Wishes are variants for those who may ask for them. Of one with FormatAuto that
// is what programs get, and with all what the browsers of today and of yesterday
// get, too, as far as it differs.
func (p *Pipeline) Wishes(variants []variant.Variant, all bool) (wishes []Wish) {
	accepts := []variant.Accept{0}
	if all {
		accepts = []variant.Accept{variant.AcceptWebP | variant.AcceptAVIF, variant.AcceptWebP, 0}
	}
	seen := map[Wish]bool{}
	for _, v := range variants {
		for _, a := range accepts {
			w := Wish{v, 0}
			if v.Format == variant.FormatAuto {
				w.Accept = p.Render.NormalizeAccept(a)
			}
			if !seen[w] {
				seen[w] = true
				wishes = append(wishes, w)
			}
		}
	}
	return wishes
}
