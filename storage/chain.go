package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// Chain puts places in order: each is asked only when those before it did not
// have the object. ErrNotFound means that every place said no. A place that
// cannot answer is passed over, but then an object that none of the others has
// is ErrUnavailable, with the causes: it may lie where nobody could look.
//
// A chain of no places has nothing; a chain of one is that one.
func Chain(origins ...Origin) Origin {
	if len(origins) == 1 {
		return origins[0]
	}
	return &chain{origins: append([]Origin(nil), origins...)}
}

type chain struct{ origins []Origin }

func (c *chain) Open(ctx context.Context, key string) (*Object, error) {
	var causes []error
	for _, origin := range c.origins {
		object, err := origin.Open(ctx, key)
		switch {
		case err == nil:
			return object, nil
		case ctx.Err() != nil:
			return nil, Unavailable(ctx, origin.String(), err)
		case !saidNo(err):
			causes = append(causes, err)
		}
	}
	if len(causes) > 0 {
		return nil, &passedOver{causes}
	}
	return nil, NotFound(c.String(), key)
}

// passedOver is the error of a chain in which some places could not answer and
// no other had the object.
type passedOver struct{ causes []error }

func (e *passedOver) Error() string {
	texts := make([]string, len(e.causes))
	for i, cause := range e.causes {
		texts[i] = cause.Error()
	}
	return strings.Join(texts, "; ")
}

// Is makes the kind ErrUnavailable, whatever the causes are made of.
func (e *passedOver) Is(target error) bool { return target == ErrUnavailable }

// Check asks all places at once.
func (c *chain) Check(ctx context.Context) error { return checkAll(ctx, c.origins) }

func (c *chain) String() string {
	if len(c.origins) == 0 {
		return "no places"
	}
	names := make([]string, len(c.origins))
	for i, origin := range c.origins {
		names[i] = origin.String()
	}
	return strings.Join(names, ", ")
}

// Places are the chain's places, in order.
func (c *chain) Places() []Origin { return places(c.origins) }

// placer is an Origin that puts others together.
type placer interface{ Places() []Origin }

// places lists the places below origins that put no others together, each once,
// in order.
func places(origins []Origin) []Origin {
	var all []Origin
	seen := map[Origin]bool{}
	for _, origin := range origins {
		below := []Origin{origin}
		if p, ok := origin.(placer); ok {
			below = p.Places()
		}
		for _, place := range below {
			if !seen[place] {
				seen[place] = true
				all = append(all, place)
			}
		}
	}
	return all
}

// checkAll asks all origins at once, so that one that hangs does not use up the
// others' time, and joins what they say.
func checkAll(ctx context.Context, origins []Origin) error {
	errs := make([]error, len(origins))
	var all sync.WaitGroup
	for i, origin := range origins {
		all.Go(func() { errs[i] = named(origin, origin.Check(ctx)) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// named puts an origin's name before an error that does not begin with it.
func named(origin Origin, err error) error {
	if err == nil || strings.HasPrefix(err.Error(), origin.String()) {
		return err
	}
	return fmt.Errorf("%s: %w", origin, err)
}
