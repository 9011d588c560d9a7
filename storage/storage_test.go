package storage_test

import (
	"errors"
	"io"
	"testing"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/storagetest"
)

func fake(name string, keys ...string) *storagetest.Fake {
	objects := map[string][]byte{}
	for _, key := range keys {
		objects[key] = []byte(name + " has " + key)
	}
	f := storagetest.NewFake(objects)
	f.SetName(name)
	return f
}

func readAll(t *testing.T, origin storage.Origin, key string) (string, error) {
	t.Helper()
	object, err := origin.Open(t.Context(), key, storage.Version{})
	if err != nil {
		return "", err
	}
	defer object.Body.Close()
	got, err := io.ReadAll(object.Body)
	return string(got), err
}

// wantKind checks that err is of exactly one kind of failure.
func wantKind(t *testing.T, err, kind error) {
	t.Helper()
	for _, k := range []error{storage.ErrNotFound, storage.ErrUnavailable, storage.ErrNotModified} {
		if errors.Is(err, k) != (k == kind) {
			t.Errorf("error is %v; want of kind %v only", err, kind)
		}
	}
}
