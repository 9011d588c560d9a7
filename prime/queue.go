package prime

import (
	"context"

	"github.com/thumbery/thumbery/variant"
)

// queueLimit is how many pictures may be queued.
const queueLimit = 10_000

// Queue primes pictures one after the other.
type Queue struct {
	engine   *Engine
	variants []Variant
	keys     chan variant.Key
}

// NewQueue returns a Queue that makes each of variants of a picture, and of those with
// FormatAuto what the usual browsers get.
func (e *Engine) NewQueue(variants []variant.Variant) *Queue {
	return &Queue{e, e.Variants(variants, true), make(chan variant.Key, queueLimit)}
}

// Add queues a picture, and reports false if the queue is full.
func (q *Queue) Add(key variant.Key) bool {
	select {
	case q.keys <- key:
		return true
	default:
		return false
	}
}

// Waiting returns how many pictures are queued.
func (q *Queue) Waiting() int { return len(q.keys) }

// Run primes what is queued until ctx ends.
func (q *Queue) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case key := <-q.keys:
			if r := q.engine.primeOne(ctx, key, q.variants); r.Err != nil && ctx.Err() == nil {
				q.engine.log.Warn("cannot prime a picture", "key", key, "cause", r.Err)
			}
		}
	}
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
	seen := map[Variant]bool{}
	for _, v := range variants {
		for _, a := range accepts {
			w := Variant{v, 0}
			if v.Format == variant.FormatAuto {
				w.Accept = e.pipeline.Render.Settings.NormalizeAccept(v, a)
			}
			if !seen[w] {
				seen[w] = true
				wanted = append(wanted, w)
			}
		}
	}
	return wanted
}
