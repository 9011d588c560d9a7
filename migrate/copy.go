package migrate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/backoff"
)

// errNoSize: without a size, nobody knows whether a copy is whole.
var errNoSize = backoff.Final(errors.New("the backend does not say how many bytes it has"))

// errEncoded: no Writer keeps an encoding, without which the copy is something else.
var errEncoded = backoff.Final(errors.New("it has a Content-Encoding, which a copy would not have"))

// ensure sees to it that an original is at the destination, or says why not.
func (r *run) ensure(ctx context.Context, j job) (outcome, error) {
	if j.exists {
		return r.compare(ctx, j.entry, j.there)
	}
	if r.DryRun {
		return copied, nil
	}
	var sum []byte
	reading := false // it failed while reading the source
	err := backoff.Do(ctx, func() (err error) {
		sum, reading, err = r.copy(ctx, j.entry.Key)
		return err
	})
	switch {
	case errors.Is(err, storage.ErrExists): // written since it was listed, or by an attempt whose answer was lost
		there, err := r.To.Stat(ctx, j.entry.Key)
		if err != nil {
			return failed, err
		}
		return r.compare(ctx, j.entry, there)
	case reading && errors.Is(err, storage.ErrNotFound):
		return gone, nil
	case reading && errors.Is(err, storage.ErrRefused):
		return refused, err
	case err != nil:
		return failed, err
	case r.Verify:
		return r.readBack(ctx, j.entry.Key, sum)
	}
	return copied, nil
}

// copy copies once. sum is that of the bytes that were read; reading says that the
// source failed.
func (r *run) copy(ctx context.Context, key string) (sum []byte, reading bool, err error) {
	object, err := r.From.Open(ctx, key, storage.Version{})
	if err != nil {
		return nil, true, err
	}
	defer func() { _ = object.Body.Close() }()
	switch {
	case object.Size < 0:
		return nil, true, errNoSize
	case object.Encoding != "":
		return nil, true, errEncoded
	}
	hash := sha256.New()
	err = r.To.Put(ctx, key, io.TeeReader(object.Body, hash), object.Size, object.ModTime)
	return hash.Sum(nil), false, err
}

// readBack checks that a copy has the bytes that were read of the original.
func (r *run) readBack(ctx context.Context, key string, want []byte) (outcome, error) {
	got, err := sum(ctx, r.To, key)
	if err == nil && !bytes.Equal(got, want) {
		err = errors.New("verification failed: the copy differs from the original")
	}
	if err != nil {
		return failed, err
	}
	return copied, nil
}

// compare looks at what is at the destination already.
func (r *run) compare(ctx context.Context, entry, there storage.Entry) (outcome, error) {
	if entry.Size != there.Size {
		return conflicting, fmt.Errorf("%d bytes, and %d at the destination", entry.Size, there.Size)
	}
	if !r.Verify {
		return present, nil
	}
	want, err := sum(ctx, r.From, entry.Key)
	if errors.Is(err, storage.ErrNotFound) {
		return gone, nil
	}
	if err != nil {
		return failed, err
	}
	got, err := sum(ctx, r.To, entry.Key)
	switch {
	case err != nil:
		return failed, err
	case !bytes.Equal(got, want):
		return conflicting, errors.New("the destination has different bytes of the same size")
	}
	return present, nil
}

func sum(ctx context.Context, backend storage.Origin, key string) (sum []byte, err error) {
	err = backoff.Do(ctx, func() error {
		object, err := backend.Open(ctx, key, storage.Version{})
		if err != nil {
			return err
		}
		defer func() { _ = object.Body.Close() }()
		hash := sha256.New()
		_, err = io.Copy(hash, object.Body)
		sum = hash.Sum(nil)
		return err
	})
	return sum, err
}
