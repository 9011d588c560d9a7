package storage

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
)

// Group is several origins that act as one, to be embedded by what says in which
// order they are asked.
type Group struct {
	members   []Origin
	separator string // between their names
}

// NewGroup returns a Group of origins, which String lists with a separator.
func NewGroup(separator string, members []Origin) Group {
	return Group{slices.Clone(members), separator}
}

// Members returns the origins, in order.
func (g Group) Members() []Origin { return g.members }

// Backends returns the backends below the members, each once, in order.
func (g Group) Backends() []Origin { return backends(g.members) }

// String lists the members.
func (g Group) String() string {
	if len(g.members) == 0 {
		return "no backends"
	}
	names := make([]string, len(g.members))
	for i, member := range g.members {
		names[i] = member.String()
	}
	return strings.Join(names, g.separator)
}

// Check checks all members at once, so that one that hangs does not use up the time
// of the others, and joins their errors.
func (g Group) Check(ctx context.Context) error { return checkAll(ctx, g.members) }

// Down reports that there are members, and that all are down.
func (g Group) Down() bool {
	return len(g.members) > 0 && !slices.ContainsFunc(g.members, func(o Origin) bool { return !isDown(o) })
}

// Link is that of the first member that is not down and has links. It does not know
// which member has the object; Object.Link does.
func (g Group) Link(ctx context.Context, key string, o LinkOptions) (string, error) {
	l, err := FirstUp[Linker](g)
	if err != nil {
		return "", err
	}
	return l.Link(ctx, key, o)
}

// FirstUp returns the first member of a group that has the capability T and is not
// down; if all that have it are down, the first of them. The error is ErrUnavailable
// where none has it.
func FirstUp[T any](g Group) (T, error) {
	var down T
	found := false
	for _, member := range g.members {
		able, ok := As[T](member)
		switch {
		case !ok:
		case !isDown(member):
			return able, nil
		case !found:
			down, found = able, true
		}
	}
	if !found {
		return down, fmt.Errorf("%s: %w: none of these backends can do that", g, ErrUnavailable)
	}
	return down, nil
}

// As finds out whether an origin has the capability T besides being read: Writer,
// Lister or Linker. A decorator has those of what it decorates, and a Group those of
// its members, which a type assertion would not tell.
func As[T any](o Origin) (able T, ok bool) {
	able, ok = o.(T)
	if !ok {
		return able, false
	}
	switch o := o.(type) {
	case decorator:
		_, ok = As[T](o.Unwrap())
	case interface{ Members() []Origin }:
		ok = slices.ContainsFunc(o.Members(), func(member Origin) bool { _, ok := As[T](member); return ok })
	}
	return able, ok
}

// decorator is an Origin that adds something to another.
type decorator interface{ Unwrap() Origin }

// unwrap returns the origin within all decorators.
func unwrap(o Origin) Origin {
	for {
		d, ok := o.(decorator)
		if !ok {
			return o
		}
		o = d.Unwrap()
	}
}

// backends lists the origins below groups, each once, in order.
func backends(origins []Origin) []Origin {
	var all []Origin
	for _, origin := range origins {
		below := []Origin{origin}
		if g, ok := origin.(interface{ Backends() []Origin }); ok {
			below = g.Backends()
		}
		for _, backend := range below {
			if !slices.Contains(all, backend) {
				all = append(all, backend)
			}
		}
	}
	return all
}

func isDown(o Origin) bool {
	h, ok := o.(Health)
	return ok && h.Down()
}

func checkAll(ctx context.Context, origins []Origin) error {
	errs := make([]error, len(origins))
	var all sync.WaitGroup
	for i, origin := range origins {
		all.Go(func() {
			_, err := Protect(ctx, origin.String(), func() (struct{}, error) { return struct{}{}, origin.Check(ctx) })
			if err != nil && !strings.HasPrefix(err.Error(), origin.String()) {
				err = fmt.Errorf("%s: %w", origin, err)
			}
			errs[i] = err
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// FailedList is a listing that consists of an error.
func FailedList(err error) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) { yield(Entry{}, err) }
}
