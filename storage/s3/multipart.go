package s3

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/thumbery/thumbery/internal/panics"
)

const (
	// beginLimit bounds the beginning of an upload in parts, which nothing else ends,
	// and abortLimit the aborting of one that has failed, which is tried again after
	// abortPause.
	beginLimit = 10 * time.Second
	abortLimit = 10 * time.Second
	abortPause = time.Second
)

// inParts uploads an object of several parts, which does not exist before the
// last request. minio-go does not pass conditions on to that.
func (u *upload) inParts(ctx context.Context) (err error) {
	core, bucket := u.origin.core, u.origin.place.bucket
	id, err := u.begin(ctx)
	if err != nil {
		return u.origin.failure(ctx, http.MethodPut, u.key, err)
	}
	// At once when ctx is done, as a body that hangs keeps us here; and at the end, as
	// a part may have been under way.
	stop := context.AfterFunc(ctx, func() {
		_ = panics.Try("origin", func() error { u.abort(ctx, id); return nil }, "origin", u.origin.name)
	})
	defer func() {
		if stop(); err != nil {
			u.abort(ctx, id)
		}
	}()
	parts, err := u.sendParts(ctx, id)
	if err != nil {
		return err
	}
	return u.unlessThere(ctx, minio.PutObjectOptions{}, func(options minio.PutObjectOptions) error {
		_, err := core.CompleteMultipartUpload(ctx, bucket, u.object(), id, parts, options)
		return err
	})
}

// begin returns the id of a new upload. It waits for that also when ctx is done: an
// upload whose id nobody has heard could not be aborted.
func (u *upload) begin(ctx context.Context) (id string, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), beginLimit)
	defer cancel()
	return u.origin.core.NewMultipartUpload(ctx, u.origin.place.bucket, u.object(), u.options)
}

func (u *upload) sendParts(ctx context.Context, id string) (parts []minio.CompletePart, err error) {
	for {
		number := len(parts) + 1
		part, err := u.origin.core.PutObjectPart(
			ctx, u.origin.place.bucket, u.object(), id, number,
			bytes.NewReader(u.part), int64(len(u.part)), minio.PutObjectPartOptions{Md5Base64: sum(u.part)},
		)
		if err != nil {
			return nil, u.origin.failure(ctx, http.MethodPut, u.key, err)
		}
		parts = append(parts, minio.CompletePart{PartNumber: number, ETag: part.ETag})
		if u.left == 0 {
			return parts, nil
		}
		if err := u.fill(ctx); err != nil {
			return nil, err
		}
	}
}

// abort clears away what has been uploaded, also when ctx is done. If that fails for
// as long as abortLimit, it is for the bucket's rule about incomplete uploads.
func (u *upload) abort(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortLimit)
	defer cancel()
	for ctx.Err() == nil {
		err := u.origin.core.AbortMultipartUpload(ctx, u.origin.place.bucket, u.object(), id)
		resp, answered := errors.AsType[minio.ErrorResponse](err)
		if err == nil || answered && meaningOf(resp) != ofAll { // as when it is gone
			return
		}
		select {
		case <-time.After(abortPause):
		case <-ctx.Done():
		}
	}
}
