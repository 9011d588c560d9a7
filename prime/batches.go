package prime

import (
	"context"
	"iter"
	"time"

	"github.com/thumbery/thumbery/variant"
)

const (
	// batchKeys and batchBytes bound a batch to far less than a server takes at once,
	// so that little is lost when it restarts.
	batchKeys  = 5000
	batchBytes = 1 << 20
	// batchLinger is how long a batch that is not full waits for more.
	batchLinger = time.Second
)

// batches are many keys at a time. An error comes with those before it, and is the last
// element.
func batches(ctx context.Context, keys iter.Seq2[variant.Key, error]) iter.Seq2[[]variant.Key, error] {
	return func(yield func([]variant.Key, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		found := prefetch(ctx, keys)
		for {
			batch, more, err := nextBatch(ctx, found)
			if (len(batch) > 0 || err != nil) && !yield(batch, err) || !more || err != nil {
				return
			}
		}
	}
}

func nextBatch(ctx context.Context, found <-chan keyOrError) (batch []variant.Key, more bool, err error) {
	var full <-chan time.Time // nil until there is a first key
	for bytes := 0; len(batch) < batchKeys && bytes < batchBytes; {
		select {
		case <-ctx.Done():
			return batch, false, ctx.Err()
		case <-full:
			return batch, true, nil
		case k, ok := <-found:
			if !ok || k.err != nil {
				return batch, false, k.err
			}
			if full == nil {
				full = time.After(batchLinger)
			}
			batch, bytes = append(batch, k.key), bytes+len(k.key)
		}
	}
	return batch, true, nil
}
