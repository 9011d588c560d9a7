package storage

import (
	"context"
	"errors"

	"github.com/thumbery/thumbery/internal/failure"
)

// Chain puts origins in order: each is asked only when those before it did not have
// the object. ErrNotFound means that every origin said so. An origin that cannot
// answer is skipped, but then an object that none of the others has is ErrUnavailable,
// with the causes: it may exist where nobody could look. ErrNotModified of one is an
// answer, as the object would be.
//
// A chain of no origins has nothing; a chain of one is that one.
func Chain(origins ...Origin) Origin {
	if len(origins) == 1 {
		return origins[0]
	}
	return WatchedChain(nil, origins...)
}

// WatchedChain is a Chain that calls missing, if that is not nil, with the keys of
// objects that the first origin does not have and another has.
func WatchedChain(missing func(key string), origins ...Origin) Origin {
	return &chain{NewGroup(", ", origins), missing}
}

type chain struct {
	Group
	missing func(key string)
}

func (c *chain) Open(ctx context.Context, key string, have Version) (*Object, error) {
	var causes []error
	notInFirst := false
	for i, origin := range c.members {
		object, err := origin.Open(ctx, key, have)
		switch {
		case err == nil || errors.Is(err, ErrNotModified):
			if notInFirst && c.missing != nil {
				c.missing(key)
			}
			return object, err
		case ctx.Err() != nil:
			return nil, Unavailable(ctx, origin.String(), err)
		case failure.Of(err) != failure.NotFound:
			causes = append(causes, err)
		case i == 0:
			notInFirst = true
		}
	}
	if len(causes) > 0 {
		return nil, AllFailed(causes)
	}
	return nil, NotFound(c.String(), key)
}

// links returns the links of a chain, in order; what is no chain is one.
func links(origin Origin) []Origin {
	if c, ok := origin.(*chain); ok {
		return c.members
	}
	return []Origin{origin}
}
