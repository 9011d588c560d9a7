package s3

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"
)

const (
	// beginTimeout bounds the beginning of a multipart upload, which nothing else ends,
	// and abortTimeout the aborting of one that has failed, which is retried after
	// abortPause.
	beginTimeout = 10 * time.Second
	abortTimeout = 10 * time.Second
	abortPause   = time.Second
)

// putMultipart uploads an object in several parts, which exists after the last request.
// Conditions are for that one: minio-go does not pass those of the first on to it.
func (u *upload) putMultipart(ctx context.Context) (err error) {
	core, bucket := u.origin.core, u.origin.location.bucket
	id, err := u.begin(ctx)
	if err != nil {
		return u.origin.wrapError(ctx, http.MethodPut, u.key, err)
	}
	defer func() {
		if err != nil {
			u.abort(ctx, id)
		}
	}()
	parts, err := u.sendParts(ctx, id)
	if err != nil {
		return err
	}
	return u.putIfAbsent(ctx, minio.PutObjectOptions{}, func(options minio.PutObjectOptions) error {
		_, err := core.CompleteMultipartUpload(ctx, bucket, u.object(), id, parts, options)
		return err
	})
}

// begin returns the id of a new upload. It waits for that also when ctx is done: an upload
// whose id is not known cannot be aborted.
func (u *upload) begin(ctx context.Context) (id string, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), beginTimeout)
	defer cancel()
	return u.origin.core.NewMultipartUpload(ctx, u.origin.location.bucket, u.object(), u.options)
}

func (u *upload) sendParts(ctx context.Context, id string) (parts []minio.CompletePart, err error) {
	for {
		number := len(parts) + 1
		part, err := u.origin.core.PutObjectPart(
			ctx, u.origin.location.bucket, u.object(), id, number,
			bytes.NewReader(u.part), int64(len(u.part)), minio.PutObjectPartOptions{Md5Base64: contentMD5(u.part)},
		)
		if err != nil {
			return nil, u.origin.wrapError(ctx, http.MethodPut, u.key, err)
		}
		parts = append(parts, minio.CompletePart{PartNumber: number, ETag: part.ETag})
		if u.left == 0 {
			return parts, nil
		}
		if err := u.readPart(ctx); err != nil {
			return nil, err
		}
	}
}

// abort removes what has been uploaded, also when ctx is done. If that fails for as long
// as abortTimeout, it is left to the bucket's rule about incomplete uploads.
func (u *upload) abort(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
	defer cancel()
	for ctx.Err() == nil {
		err := u.origin.core.AbortMultipartUpload(ctx, u.origin.location.bucket, u.object(), id)
		resp, answered := errors.AsType[minio.ErrorResponse](err)
		if err == nil || answered && meaningOf(resp) != ofBackend { // such as that it is gone
			return
		}
		select {
		case <-time.After(abortPause):
		case <-ctx.Done():
		}
	}
}
