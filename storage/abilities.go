package storage

import (
	"context"
	"fmt"
	"slices"
)

// wrapper is an Origin around another that it adds something to.
type wrapper interface{ Unwrap() Origin }

// group is an Origin that puts others together.
type group interface {
	Origin
	parts() []Origin
}

// As finds out what an origin can do besides being read: T is Writer, Lister or
// Linker. A Guard can what the place in it can, and Mirrors and Chains what one
// of theirs can; asking them by a type assertion would not tell.
func As[T any](o Origin) (able T, ok bool) {
	able, ok = o.(T)
	if !ok {
		return able, false
	}
	switch o := o.(type) {
	case wrapper:
		_, ok = As[T](o.Unwrap())
	case group:
		ok = slices.ContainsFunc(o.parts(), func(part Origin) bool { _, ok := As[T](part); return ok })
	}
	return able, ok
}

// innermost is the place within an origin that wraps it.
func innermost(o Origin) Origin {
	for {
		w, ok := o.(wrapper)
		if !ok {
			return o
		}
		o = w.Unwrap()
	}
}

// firstUp is the first of a group that can do T and is not down; if all that can
// are down, the first of them.
func firstUp[T any](g group) (T, error) {
	var down T
	found := false
	for _, part := range g.parts() {
		able, ok := As[T](part)
		switch {
		case !ok:
		case !isDown(part):
			return able, nil
		case !found:
			down, found = able, true
		}
	}
	if !found {
		return down, fmt.Errorf("%s: %w: no place of these can do that", g, ErrUnavailable)
	}
	return down, nil
}

func firstLink(ctx context.Context, g group, key string, o LinkOptions) (string, error) {
	l, err := firstUp[Linker](g)
	if err != nil {
		return "", err
	}
	return l.Link(ctx, key, o)
}

func isDown(o Origin) bool {
	h, ok := o.(Health)
	return ok && h.Down()
}

// allDown reports that there are origins, and all are down.
func allDown(origins []Origin) bool {
	for _, origin := range origins {
		if !isDown(origin) {
			return false
		}
	}
	return len(origins) > 0
}
