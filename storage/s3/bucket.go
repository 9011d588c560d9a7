package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"

	"github.com/minio/minio-go/v7"

	"github.com/thumbery/thumbery/internal/failure"
	"github.com/thumbery/thumbery/storage"
)

// errTooLarge means that an object is larger than the caller accepts.
var errTooLarge = failure.New(failure.Answered, "the object is too large")

// noteName is the name in an object's metadata of the note that comes with it, as net/http
// spells names of headers: X-Amz-Meta-Thumbery.
const noteName = "Thumbery"

// Bucket reads, replaces, lists and deletes small objects below a prefix, each with a short
// note in its metadata. It needs the permissions s3:GetObject, s3:PutObject,
// s3:DeleteObject and s3:ListBucket. Errors are those of a storage.Origin. Its methods may be
// called by several goroutines.
type Bucket struct{ origin *Origin }

// OpenBucket returns the bucket of a URL as Open takes it. It sends nothing.
func OpenBucket(u *url.URL, options Options) (*Bucket, error) {
	o, err := Open(u, options)
	if err != nil {
		return nil, err
	}
	return &Bucket{o}, nil
}

// String returns s3://bucket/prefix (host:port).
func (b *Bucket) String() string { return b.origin.name }

// Check is that of an Origin.
func (b *Bucket) Check(ctx context.Context) error { return b.origin.Check(ctx) }

// Get reads a whole object of at most maxBytes, and its note, "" if it has none. The error of a
// larger one has the class failure.Answered.
func (b *Bucket) Get(ctx context.Context, key string, maxBytes int64) (body []byte, note string, err error) {
	err = b.protect(ctx, func() (err error) {
		body, note, err = b.get(ctx, key, maxBytes)
		return err
	})
	return body, note, err
}

func (b *Bucket) get(ctx context.Context, key string, maxBytes int64) ([]byte, string, error) {
	o := b.origin
	body, info, header, err := o.core.GetObject(ctx, o.location.bucket, o.location.prefix+key, minio.GetObjectOptions{})
	if err != nil {
		return nil, "", o.wrapError(ctx, http.MethodGet, key, err)
	}
	exact := storage.ExactLength(ctx, body, info.Size, o.name)
	defer exact.Close()
	if info.Size > maxBytes {
		return nil, "", fmt.Errorf("%s: GET %q: %w: %d bytes", b, key, errTooLarge, info.Size)
	}
	read := bytes.NewBuffer(make([]byte, 0, max(info.Size, 0)+bytes.MinRead))
	if _, err := read.ReadFrom(io.LimitReader(exact, maxBytes+1)); err != nil {
		return nil, "", err
	}
	if int64(read.Len()) > maxBytes {
		return nil, "", fmt.Errorf("%s: GET %q: %w", b, key, errTooLarge)
	}
	return read.Bytes(), header.Get("X-Amz-Meta-" + noteName), nil
}

// Put stores an object, and replaces one that is there. The server verifies its MD5.
func (b *Bucket) Put(ctx context.Context, key string, body []byte, mediaType, note string) error {
	return b.protect(ctx, func() error {
		options := minio.PutObjectOptions{ContentType: mediaType, UserMetadata: map[string]string{noteName: note}}
		if err := b.origin.putObject(ctx, key, body, options); err != nil {
			return b.origin.wrapError(ctx, http.MethodPut, key, err)
		}
		return nil
	})
}

// Delete deletes an object. That there is none is not an error.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	return b.protect(ctx, func() error {
		o := b.origin
		err := o.core.RemoveObject(ctx, o.location.bucket, o.location.prefix+key, minio.RemoveObjectOptions{})
		if err == nil {
			return nil
		}
		if err = o.wrapError(ctx, http.MethodDelete, key, err); errors.Is(err, storage.ErrNotFound) {
			return nil
		}
		return err
	})
}

func (b *Bucket) protect(ctx context.Context, call func() error) error {
	return storage.Protect(ctx, b.String(), call)
}

// List gives the keys of all objects that begin with prefix. The last element may be an error.
func (b *Bucket) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for entry, err := range b.origin.List(ctx, prefix, nil) {
			if !yield(entry.Key, err) {
				return
			}
		}
	}
}
