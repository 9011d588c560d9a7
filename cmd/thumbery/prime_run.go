package main

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

const (
	// primeGivesUpAfter so many failures in a row, which are taken for those of a
	// place, of the disk or of us.
	primeGivesUpAfter = 50
	// originPatience is how long a place may be down before it is given up.
	originPatience = time.Minute
	// downEvery is how often it is looked whether the place is back.
	downEvery = 100 * time.Millisecond
)

// priming makes derivatives of many pictures: for a job of the server, and for the
// command.
type priming struct {
	engine   *prime.Engine
	down     func(key string) bool // as originals.Config.Down
	variants []prime.Variant
	parallel int // pictures at once
	tally    *tally
	failed   func(variant.Key, error) // is told of pictures, one at a time; it may be nil
}

func (c *core) priming(variants []prime.Variant, parallel int, t *tally) *priming {
	return &priming{engine: c.primer, down: c.origins.Down, variants: variants, parallel: parallel, tally: t}
}

// pictures are those that are to be primed.
type pictures struct {
	keys iter.Seq2[variant.Key, error]
	// counted, if not nil, goes through the same faster, to find out how many
	// there are.
	counted iter.Seq2[variant.Key, error]
}

// run primes pictures until nothing is left to do, ctx is done, keys end with an
// error, or so many fail that the rest would, too. Nothing is under way afterwards.
func (p *priming) run(ctx context.Context, of pictures) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var counting sync.WaitGroup
	defer counting.Wait()
	defer cancel(nil)
	if of.counted != nil {
		counting.Go(func() {
			_ = panics.Try("jobs", func() error { p.tally.count(ctx, of.counted); return nil })
		})
	}
	err := p.engine.PrimeAll(ctx, p.patient(ctx, of.keys), p.variants, p.parallel, func(key variant.Key, primed prime.Result) {
		inARow := p.tally.note(key, primed, time.Now())
		if primed.Err != nil && p.failed != nil {
			p.failed(key, primed.Err)
		}
		if inARow == primeGivesUpAfter {
			cancel(fmt.Errorf("given up after %d failures in a row, the last: %w", inARow, primed.Err))
		}
	})
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// count finds out how many pictures there are, unless it is stopped.
func (t *tally) count(ctx context.Context, keys iter.Seq2[variant.Key, error]) {
	for _, err := range keys {
		if err != nil || ctx.Err() != nil {
			return // who does the work sees that, too
		}
		t.found(1)
	}
	t.foundAll()
}

// patient gives each key when its place answers: what would fail at once for a
// while is better done later.
func (p *priming) patient(ctx context.Context, keys iter.Seq2[variant.Key, error]) iter.Seq2[variant.Key, error] {
	return func(yield func(variant.Key, error) bool) {
		for key, err := range keys {
			if err == nil {
				err = p.await(ctx, key)
			}
			if !yield(key, err) {
				return
			}
		}
	}
}

func (p *priming) await(ctx context.Context, key variant.Key) error {
	for since := time.Now(); p.down(string(key)); {
		if time.Since(since) >= originPatience {
			return fmt.Errorf("%w: the place of %q has not answered for %v", storage.ErrUnavailable, key, originPatience)
		}
		if err := pause(ctx, downEvery); err != nil {
			return err
		}
	}
	return nil
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
