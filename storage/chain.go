package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/thumbery/thumbery/internal/failure"
)

// Chain puts places in order: each is asked only when those before it did not
// have the object. ErrNotFound means that every place said no. A place that
// cannot answer is passed over, but then an object that none of the others has
// is ErrUnavailable, with the causes: it may lie where nobody could look.
//
// ErrNotModified of one is an answer, as the object would be.
//
// A chain of no places has nothing; a chain of one is that one.
func Chain(origins ...Origin) Origin {
	if len(origins) == 1 {
		return origins[0]
	}
	return &chain{origins: append([]Origin(nil), origins...)}
}

type chain struct {
	origins []Origin
	// missing, if not nil, is called with the keys of objects that the first
	// place said it does not have and another has.
	missing func(key string)
}

func (c *chain) Open(ctx context.Context, key string, have Version) (*Object, error) {
	var causes []error
	firstSaidNo := false
	for i, origin := range c.origins {
		object, err := origin.Open(ctx, key, have)
		switch {
		case err == nil || errors.Is(err, ErrNotModified):
			if firstSaidNo && c.missing != nil {
				c.missing(key)
			}
			return object, err
		case ctx.Err() != nil:
			return nil, Unavailable(ctx, origin.String(), err)
		case failure.Of(err) != failure.NotFound:
			causes = append(causes, err)
		case i == 0:
			firstSaidNo = true
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

// Class is Refused or Server if that is the class of every cause, and Unavailable
// else, whatever the causes are made of.
func (e *passedOver) Class() failure.Class {
	class := failure.Of(e.causes[0])
	if class != failure.Refused && class != failure.Server {
		return failure.Unavailable
	}
	for _, cause := range e.causes[1:] {
		if failure.Of(cause) != class {
			return failure.Unavailable
		}
	}
	return class
}

// Is makes errors.Is find the sentinel of the class.
func (e *passedOver) Is(target error) bool {
	return target == ErrUnavailable || target == ErrRefused && e.Class() == failure.Refused || target == ErrTransient && e.Class() == failure.Server
}

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

func (c *chain) parts() []Origin { return c.origins }

// Down reports that all places are down.
func (c *chain) Down() bool { return allDown(c.origins) }

// Link is that of the first place that is not down and can. Whether the object
// is there, or in another place of the chain, it does not know; Object.Link does.
func (c *chain) Link(ctx context.Context, key string, o LinkOptions) (string, error) {
	return firstLink(ctx, c, key, o)
}

// links are the places of a chain, in order; what is no chain is one.
func links(origin Origin) []Origin {
	c, ok := origin.(*chain)
	if !ok {
		return []Origin{origin}
	}
	var all []Origin
	for _, part := range c.origins {
		all = append(all, links(part)...)
	}
	return all
}

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
		all.Go(func() {
			_, err := shielded(ctx, origin.String(), func() (struct{}, error) { return struct{}{}, origin.Check(ctx) })
			errs[i] = named(origin, err)
		})
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
