package storage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/thumbery/thumbery/variant"
)

// Mounts is the Origin that sends each key to the origin mounted at the longest
// prefix of it, without that prefix: with one mounted at "avatars/", the key
// "avatars/x.png" is asked of that one as "x.png", and of no other. Prefixes
// match whole segments only. A key below no mount is ErrNotFound.
//
// The zero value has no mounts. All are added before it is used.
type Mounts struct {
	mounts []mount // longest prefix first
}

type mount struct {
	prefix string // "" or ending with a slash
	origin Origin
}

// NewMounts mounts the origins of a map by their prefixes, as Add does.
func NewMounts(byPrefix map[string]Origin) (*Mounts, error) {
	var m Mounts
	for _, prefix := range slices.Sorted(maps.Keys(byPrefix)) {
		if err := m.Add(prefix, byPrefix[prefix]); err != nil {
			return nil, err
		}
	}
	return &m, nil
}

// Add mounts origin at a prefix as CleanPrefix takes it. A bad prefix, and one
// that has an origin already, is an error.
func (m *Mounts) Add(prefix string, origin Origin) error {
	prefix, err := CleanPrefix(prefix)
	if err != nil {
		return err
	}
	for _, other := range m.mounts {
		if other.prefix == prefix {
			return fmt.Errorf("the prefix /%s has a source already; places to be asked in order are one source, with commas", prefix)
		}
	}
	m.mounts = append(m.mounts, mount{prefix, origin})
	slices.SortStableFunc(m.mounts, func(a, b mount) int { return len(b.prefix) - len(a.prefix) })
	return nil
}

// CleanPrefix brings a prefix to the form "" or "a/b/". A slash at its start or
// end changes nothing: "/", "a/b", "/a/b/". The segments are those of a key.
func CleanPrefix(s string) (string, error) {
	trimmed := strings.TrimSuffix(strings.TrimPrefix(s, "/"), "/")
	if trimmed == "" {
		if len(s) > 1 {
			return "", fmt.Errorf("prefix %q: too many slashes, a single / means all keys", s)
		}
		return "", nil
	}
	if _, err := variant.ParseKey(trimmed); err != nil {
		return "", fmt.Errorf("prefix %q: it must be / or the beginning of keys, such as avatars/: %w", s, err)
	}
	return trimmed + "/", nil
}

// Lookup finds the origin for a key, and the key to ask of it. ok is false if
// the key is below no mount.
func (m *Mounts) Lookup(key string) (origin Origin, rest string, ok bool) {
	for _, mount := range m.mounts {
		if rest, ok := strings.CutPrefix(key, mount.prefix); ok && rest != "" {
			return mount.origin, rest, true
		}
	}
	return nil, "", false
}

// Open opens the key at the origin that Lookup finds.
func (m *Mounts) Open(ctx context.Context, key string) (*Object, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	origin, rest, ok := m.Lookup(key)
	if !ok {
		return nil, NotFound("no source", key)
	}
	return origin.Open(ctx, rest)
}

// Check asks all places at once and joins what they say. Without mounts it
// fails: nothing can ever be found.
func (m *Mounts) Check(ctx context.Context) error {
	if len(m.mounts) == 0 {
		return errors.New("no source is mounted")
	}
	return checkAll(ctx, m.Places())
}

// Places lists the places that the mounts are made of, each once: an origin
// that puts others together (a Chain) is not listed itself, but they are. Ask
// each for its Check to see which one fails.
func (m *Mounts) Places() []Origin {
	origins := make([]Origin, len(m.mounts))
	for i, mount := range m.mounts {
		origins[i] = mount.origin
	}
	return places(origins)
}

// String lists the mounts, longest prefix first.
func (m *Mounts) String() string {
	texts := make([]string, len(m.mounts))
	for i, mount := range m.mounts {
		texts[i] = "/" + mount.prefix + "=" + mount.origin.String()
	}
	return strings.Join(texts, "; ")
}
