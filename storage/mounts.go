package storage

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/thumbery/thumbery/variant"
)

// Mounts is the Origin that reads each key from the origin mounted at its longest
// prefix, without that prefix: with an origin mounted at "avatars/", the key
// "avatars/x.png" is read from that one as "x.png", and from no other. Prefixes
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

// Add mounts origin at a prefix as CleanPrefix takes it. A bad prefix, and one
// that has an origin already, is an error.
func (m *Mounts) Add(prefix string, origin Origin) error {
	prefix, err := CleanPrefix(prefix)
	if err != nil {
		return err
	}
	for _, other := range m.mounts {
		if other.prefix == prefix {
			return fmt.Errorf("the prefix /%s has a source already; write a chain of backends as one source, with commas", prefix)
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

// Lookup finds the origin for a key, and the key relative to that origin. ok is false
// if the key is below no mount.
func (m *Mounts) Lookup(key string) (origin Origin, rest string, ok bool) {
	found, ok := m.find(key)
	if !ok {
		return nil, "", false
	}
	return found.origin, key[len(found.prefix):], true
}

// find returns the mount with the longest prefix of key.
func (m *Mounts) find(key string) (found mount, ok bool) {
	for _, mount := range m.mounts {
		if rest, ok := strings.CutPrefix(key, mount.prefix); ok && rest != "" {
			return mount, true
		}
	}
	return mount{}, false
}

// Open opens the key at the origin that Lookup finds.
func (m *Mounts) Open(ctx context.Context, key string, have Version) (*Object, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	origin, rest, ok := m.Lookup(key)
	if !ok {
		return nil, NotFound("no source", key)
	}
	return origin.Open(ctx, rest, have)
}

// Down reports that the origin that Lookup finds for key is known to be down.
func (m *Mounts) Down(key string) bool {
	origin, _, ok := m.Lookup(key)
	return ok && isDown(origin)
}

// Link is that of the origin that Lookup finds. A key below no mount is
// ErrNotFound; an origin that cannot be linked to is ErrUnavailable.
func (m *Mounts) Link(ctx context.Context, key string, o LinkOptions) (string, error) {
	origin, rest, ok := m.Lookup(key)
	if !ok {
		return "", NotFound("no source", key)
	}
	linker, ok := As[Linker](origin)
	if !ok {
		return "", Unavailable(ctx, origin.String(), errors.New("this backend has no presigned links"))
	}
	return linker.Link(ctx, rest, o)
}

// Listers returns for each mount, longest prefix first, the Listers of the links of its
// chain, in their order. They list by the keys of m, and leave out those that a longer
// mount hides; an object that several links have is listed by each of them. A Lister
// whose backend cannot be listed gives ErrUnavailable.
func (m *Mounts) Listers() [][]Lister {
	all := make([][]Lister, len(m.mounts))
	for i, mount := range m.mounts {
		for _, link := range links(mount.origin) {
			all[i] = append(all[i], mounted{m, mount.prefix, link})
		}
	}
	return all
}

// mounted is the Lister of an origin below a prefix.
type mounted struct {
	mounts *Mounts
	prefix string
	origin Origin
}

func (l mounted) List(ctx context.Context, prefix string, skipped func(key string)) iter.Seq2[Entry, error] {
	if !strings.HasPrefix(l.prefix, prefix) && !strings.HasPrefix(prefix, l.prefix) {
		return func(func(Entry, error) bool) {}
	}
	lister, ok := As[Lister](l.origin)
	if !ok {
		return FailedList(fmt.Errorf("%s: %w: it cannot be listed", l.origin, ErrUnavailable))
	}
	rest := prefix[min(len(prefix), len(l.prefix)):]
	return func(yield func(Entry, error) bool) {
		for e, err := range lister.List(ctx, rest, l.above(skipped)) {
			e.Key = l.prefix + e.Key
			if err == nil && l.hidden(e.Key) {
				continue
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// hidden reports that a key belongs to a longer mount.
func (l mounted) hidden(key string) bool {
	found, ok := l.mounts.find(key)
	return !ok || found.prefix != l.prefix
}

// above adds the prefix to the names that are passed to skipped.
func (l mounted) above(skipped func(key string)) func(key string) {
	if skipped == nil {
		return nil
	}
	return func(key string) {
		if key = l.prefix + key; !l.hidden(key) {
			skipped(key)
		}
	}
}

// Notified is an Origin whose backend sends notifications of changes.
type Notified interface {
	// KeyOf returns the key, relative to the origin, of an object as notifications name
	// it. ok is false if it belongs to another origin.
	KeyOf(bucket, object string) (key string, ok bool)
}

// Keys lists the keys of an object of a bucket, each once: none if the bucket is not
// mounted, and several if it is mounted several times.
func (m *Mounts) Keys(bucket, object string) []variant.Key {
	var keys []variant.Key
	for _, mount := range m.mounts {
		for _, backend := range backends(mount.origin) {
			key, ok := m.keyOf(mount.prefix, backend, bucket, object)
			if ok && !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// keyOf returns the key of an object of a backend below a prefix, unless a longer prefix
// hides it.
func (m *Mounts) keyOf(prefix string, backend Origin, bucket, object string) (variant.Key, bool) {
	notified, ok := backend.(Notified)
	if !ok {
		return "", false
	}
	rest, ok := notified.KeyOf(bucket, object)
	if !ok {
		return "", false
	}
	key, err := variant.ParseKey(prefix + rest)
	if err != nil {
		return "", false
	}
	found, ok := m.find(string(key))
	return key, ok && found.prefix == prefix
}

// String lists the mounts, longest prefix first.
func (m *Mounts) String() string {
	texts := make([]string, len(m.mounts))
	for i, mount := range m.mounts {
		texts[i] = "/" + mount.prefix + "=" + mount.origin.String()
	}
	return strings.Join(texts, "; ")
}
