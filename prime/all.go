package prime

import (
	"context"
	"iter"
	"sync"

	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/variant"
)

// PrimeAll primes the pictures of keys, parallel of them at once, and calls done for each
// that is done, one at a time. It ends early with the error of keys, or of ctx, when
// nothing is running any more. While there are requests it rests after each piece of
// work, so that the engine is theirs most of the time.
func (e *Engine) PrimeAll(ctx context.Context, keys iter.Seq2[variant.Key, error], variants []Variant, parallel int, done func(variant.Key, Result)) error {
	var reporting sync.Mutex
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
			result := e.primeOne(ctx, key, variants)
			reporting.Lock()
			defer reporting.Unlock()
			if ctx.Err() == nil {
				done(key, result)
			}
		})
	}
	all.Wait()
	return ctx.Err()
}

// primeOne primes one picture of many. A panic fails that picture alone.
func (e *Engine) primeOne(ctx context.Context, key variant.Key, variants []Variant) (result Result) {
	err := panics.Try("prime", func() error {
		result = e.prime(ctx, key, variants, e.throttled)
		return nil
	}, "key", key)
	if err != nil {
		result = Result{Failed: len(variants), Err: err}
	}
	return result
}
