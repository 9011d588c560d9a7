package pipeline

import (
	"context"
	"iter"
	"sync"

	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/variant"
)

// PrimeAll primes the pictures of keys, parallel of them at once, and tells of each
// when it is done, one at a time. It ends early with the error of keys, or of ctx,
// when nothing is under way any more. While there are requests it takes rests, so
// that the engine is theirs most of the time.
func (p *Pipeline) PrimeAll(ctx context.Context, keys iter.Seq2[variant.Key, error], wishes []Wish, parallel int, done func(variant.Key, Primed)) error {
	var telling sync.Mutex
	var all sync.WaitGroup
	defer all.Wait()
	places := make(chan struct{}, max(parallel, 1))
	for key, err := range keys {
		if err != nil {
			return err
		}
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		all.Go(func() {
			defer func() { <-places }()
			primed := p.primeOne(ctx, key, wishes)
			telling.Lock()
			defer telling.Unlock()
			if ctx.Err() == nil {
				done(key, primed)
			}
		})
	}
	all.Wait()
	return ctx.Err()
}

// primeOne primes one picture of many. A panic fails that picture alone.
func (p *Pipeline) primeOne(ctx context.Context, key variant.Key, wishes []Wish) (primed Primed) {
	err := panics.Try("prime", func() error {
		primed = p.primePaced(ctx, key, wishes)
		return nil
	}, "key", key)
	if err != nil {
		primed = Primed{Failed: len(wishes), Err: err}
	}
	return primed
}
