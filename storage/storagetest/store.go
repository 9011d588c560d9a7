package storagetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// Store is a Fake that is a Writer, a Lister and a Linker, too. Put, Stat and List wait and
// fail as Open does; Link never fails.
type Store struct{ *Fake }

// NewStore is NewFake for a Store.
func NewStore(objects map[string][]byte) Store { return Store{NewFake(objects)} }

// Open is that of the Fake, with Object.Link.
func (s Store) Open(ctx context.Context, key string, have storage.Version) (*storage.Object, error) {
	object, err := s.Fake.Open(ctx, key, have)
	if err != nil {
		return nil, err
	}
	object.Link = func(ctx context.Context, o storage.LinkOptions) (string, error) { return s.Link(ctx, key, o) }
	return object, nil
}

// Put adds an object. For tests that need one to be there, use Fake.Put.
func (s Store) Put(ctx context.Context, key string, body io.Reader, size int64, modTime time.Time) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	var err error
	s.update(func() { err = s.mayPut(key) })
	if err != nil {
		return err
	}
	data, err := io.ReadAll(io.LimitReader(body, size+1))
	switch {
	case ctx.Err() != nil:
		return storage.Unavailable(ctx, s.String(), ctx.Err())
	case err != nil:
		return err
	case int64(len(data)) != size:
		return fmt.Errorf("%s: %w: the body is not %d bytes long", s, storage.ErrUnavailable, size)
	}
	s.update(func() {
		if err = s.mayPut(key); err == nil {
			s.objects[key], s.modTime[key] = data, modTime.UTC().Truncate(time.Second)
		}
	})
	return err
}

func (s Store) mayPut(key string) error {
	_, exists := s.objects[key]
	switch {
	case s.failAll != nil:
		return s.failAll
	case s.failing[key] != nil:
		return s.failing[key]
	case exists:
		return storage.ErrExists
	}
	return nil
}

// Stat is Open without a body. It counts as no Open.
func (s Store) Stat(ctx context.Context, key string) (entry storage.Entry, err error) {
	if err := s.wait(ctx); err != nil {
		return storage.Entry{}, err
	}
	s.update(func() { entry, err = s.entry(key) })
	return entry, err
}

// List lists the objects that exist when it begins.
func (s Store) List(ctx context.Context, prefix string, skipped func(key string)) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		if err := s.wait(ctx); err != nil {
			yield(storage.Entry{}, err)
			return
		}
		for _, key := range s.keys() {
			if err := ctx.Err(); err != nil {
				yield(storage.Entry{}, storage.Unavailable(ctx, s.String(), err))
				return
			}
			if !strings.HasPrefix(key, prefix) {
				continue
			}
			if _, err := variant.ParseKey(key); err != nil {
				if skipped != nil {
					skipped(key)
				}
				continue
			}
			var entry storage.Entry
			var err error
			s.update(func() { entry, err = s.entry(key) })
			if !yield(entry, err) || err != nil {
				return
			}
		}
	}
}

func (s Store) keys() (keys []string) {
	s.update(func() { keys = slices.Sorted(maps.Keys(s.objects)) })
	return keys
}

// Link makes a URL of the name, the key and the options.
func (s Store) Link(_ context.Context, key string, o storage.LinkOptions) (string, error) {
	u := url.URL{Scheme: "https", Host: s.String() + ".example", Path: "/" + key}
	query := url.Values{"expires": {o.Expires.String()}, "disposition": {o.Disposition}}
	if o.Head {
		query.Set("method", "HEAD")
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// Bytes returns what is stored under key.
func (s Store) Bytes(key string) (data []byte, ok bool) {
	s.update(func() { data, ok = s.objects[key] })
	return bytes.Clone(data), ok
}
