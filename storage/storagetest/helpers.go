package storagetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/thumbery/thumbery/storage"
)

// Named returns a Fake with a name and with keys, each with an object that says so:
// "name has key".
func Named(name string, keys ...string) *Fake {
	objects := map[string][]byte{}
	for _, key := range keys {
		objects[key] = []byte(name + " has " + key)
	}
	f := NewFake(objects)
	f.SetName(name)
	return f
}

// Read opens and reads an object, and returns the error of either.
func Read(ctx context.Context, origin storage.Origin, key string) (string, error) {
	object, err := origin.Open(ctx, key, storage.Version{})
	if err != nil {
		return "", err
	}
	got, err := io.ReadAll(object.Body)
	return string(got), errors.Join(err, object.Body.Close())
}

// WantKind checks that err is of exactly one kind of failure, or of none if kind is nil.
func WantKind(t *testing.T, err, kind error) {
	t.Helper()
	for _, k := range []error{storage.ErrNotFound, storage.ErrUnavailable, storage.ErrNotModified} {
		if errors.Is(err, k) != (k == kind) {
			t.Errorf("error is %v; want of kind %v only", err, kind)
		}
	}
}

// Refused is the error of a backend named "backend" that accepts no connections.
func Refused() error {
	return storage.Unavailable(context.Background(), "backend", errors.New("connection refused"))
}

// Behave makes a Fake have "key" ("yes"), also in the version "known", or fail all
// requests ("down", "refuses"). Anything else changes nothing.
func (f *Fake) Behave(how string) {
	name := f.String()
	switch how {
	case "yes":
		f.Put("key", []byte(name))
	case "known":
		f.Put("key", []byte(name))
		f.SetETag("key", "known")
	case "down":
		f.FailAll(storage.Unavailable(context.Background(), "backend "+name, errors.New("connection refused")))
	case "refuses":
		f.FailAll(fmt.Errorf("backend %s: %w", name, storage.ErrRefused))
	}
}

// OpenFunc is a Fake with another Open.
type OpenFunc struct {
	*Fake
	Func func(ctx context.Context, key string) (*storage.Object, error)
}

// Open calls Func.
func (o OpenFunc) Open(ctx context.Context, key string, _ storage.Version) (*storage.Object, error) {
	return o.Func(ctx, key)
}
