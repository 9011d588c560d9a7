package storage

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
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

// As finds out whether an origin has the capability T besides being read: Writer, Lister or
// Linker. Decorators and groups have the methods of all, also of what those within lack.
func As[T any](o Origin) (able T, ok bool) {
	able, ok = o.(T)
	if !ok {
		return able, false
	}
	switch o := o.(type) {
	case decorator:
		_, ok = As[T](o.Unwrap())
	case group:
		ok = slices.ContainsFunc(o.Members(), func(member Origin) bool { _, ok := As[T](member); return ok })
	}
	return able, ok
}

// decorator is an Origin that adds something to another.
type decorator interface{ Unwrap() Origin }

// group is what embeds a Group.
type group interface{ Members() []Origin }

// backends lists the origins within all decorators and groups, in order.
func backends(o Origin) []Origin {
	switch o := o.(type) {
	case decorator:
		return backends(o.Unwrap())
	case group:
		var all []Origin
		for _, member := range o.Members() {
			all = append(all, backends(member)...)
		}
		return all
	}
	return []Origin{o}
}

func isDown(o Origin) bool {
	h, ok := o.(Health)
	return ok && h.Down()
}

// FailedList is a listing that consists of an error.
func FailedList(err error) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) { yield(Entry{}, err) }
}
