package s3

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/thumbery/thumbery/storage"
)

const (
	// partSize is how much of an upload is in memory: an object of up to that size, as
	// most originals are, is sent in one request, and a larger one in parts. The minimum
	// of S3 is 5 MiB.
	partSize = 8 << 20
	// maxParts is S3's limit, which limits an object to 80 GiB.
	maxParts = 10_000
)

// Put uploads an object, with at most 8 MiB of it in memory. The server verifies the MD5
// of each part (Content-MD5, which all servers support; few support newer checksums),
// and refuses to replace an object (If-None-Match: *).
//
// Where the server does not support that condition, Put looks for an object before,
// which leaves a moment in which another upload can be lost.
func (o *Origin) Put(ctx context.Context, key string, body io.Reader, size int64, modTime time.Time) error {
	if size < 0 || size > maxParts*partSize {
		return storage.Refused(ctx, o.name, fmt.Errorf("put %q: %d bytes is not a size from 0 to %d", key, size, int64(maxParts*partSize)))
	}
	if o.unconditional.Load() {
		if err := storage.EnsureAbsent(ctx, o, key); err != nil {
			return err
		}
	}
	u := &upload{origin: o, key: key, body: body, left: size, part: make([]byte, min(size, partSize))}
	if err := u.readPart(ctx); err != nil {
		return err
	}
	u.options = minio.PutObjectOptions{ContentType: contentType(key, u.part)}
	if !modTime.IsZero() {
		u.options.UserMetadata = map[string]string{"mtime": strconv.FormatInt(modTime.Unix(), 10)} // as rclone does
	}
	if u.left == 0 {
		return u.putWhole(ctx)
	}
	return u.putMultipart(ctx)
}

type upload struct {
	origin  *Origin
	key     string
	options minio.PutObjectOptions
	body    io.Reader
	left    int64  // of body
	part    []byte // that has been read of it
}

// readPart reads the next part of the body, and after the last verifies that the body
// has ended.
func (u *upload) readPart(ctx context.Context) error {
	n := min(u.left, partSize)
	u.part = u.part[:n]
	read, err := io.ReadFull(u.body, u.part)
	if err == nil && n == u.left {
		err = checkEnd(u.body)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w: %d bytes before the announced end", io.ErrUnexpectedEOF, u.left-int64(read))
	}
	if err != nil {
		return fmt.Errorf("put %q: %w", u.key, cmp.Or(ctx.Err(), err))
	}
	u.left -= n
	return nil
}

func checkEnd(r io.Reader) error {
	// A Reader may return neither a byte nor an error; io.ReadFull goes on.
	switch n, err := io.ReadFull(r, make([]byte, 1)); {
	case n > 0:
		return errors.New("the body goes on after its announced end")
	case errors.Is(err, io.EOF):
		return nil
	default:
		return err
	}
}

func (u *upload) putWhole(ctx context.Context) error {
	return u.putIfAbsent(ctx, u.options, func(options minio.PutObjectOptions) error {
		return u.origin.putObject(ctx, u.key, u.part, options)
	})
}

// putObject sends one request. Its error is that of minio-go.
func (o *Origin) putObject(ctx context.Context, key string, body []byte, options minio.PutObjectOptions) error {
	_, err := o.core.PutObject(ctx, o.location.bucket, o.location.prefix+key, bytes.NewReader(body), int64(len(body)), contentMD5(body), "", options)
	return err
}

// putIfAbsent calls do, which creates the object, with the condition that there is none.
func (u *upload) putIfAbsent(ctx context.Context, options minio.PutObjectOptions, do func(minio.PutObjectOptions) error) error {
	conditional, isConditional := options, !u.origin.unconditional.Load()
	if isConditional {
		conditional.SetMatchETagExcept("*")
	}
	err := do(conditional)
	if err == nil {
		return nil
	}
	resp, _ := errors.AsType[minio.ErrorResponse](err)
	switch {
	case resp.Code == minio.PreconditionFailed || resp.StatusCode == http.StatusPreconditionFailed:
		return storage.ErrExists
	case resp.StatusCode == http.StatusNotImplemented && isConditional:
		u.origin.unconditional.Store(true)
		if err := storage.EnsureAbsent(ctx, u.origin, u.key); err != nil {
			return err
		}
		return u.putIfAbsent(ctx, options, do)
	case resp.StatusCode == http.StatusConflict: // with another upload, which may have succeeded
		if errors.Is(storage.EnsureAbsent(ctx, u.origin, u.key), storage.ErrExists) {
			return storage.ErrExists
		}
	}
	return u.origin.wrapError(ctx, http.MethodPut, u.key, err)
}

func (u *upload) object() string { return u.origin.location.prefix + u.key }

func contentMD5(b []byte) string {
	digest := md5.Sum(b)
	return base64.StdEncoding.EncodeToString(digest[:])
}

// contentType returns the type that the beginning of a picture says, and for formats that
// net/http does not know that of the key's extension. What is no picture by either gets
// no type that a browser would execute.
func contentType(key string, beginning []byte) string {
	if found := http.DetectContentType(beginning); strings.HasPrefix(found, "image/") {
		return found
	}
	return cmp.Or(contentTypes[strings.ToLower(path.Ext(key))], "application/octet-stream")
}

var contentTypes = map[string]string{
	".avif": "image/avif", ".heic": "image/heic", ".heif": "image/heic", ".jxl": "image/jxl", ".jp2": "image/jp2",
	".svg": "image/svg+xml", ".tif": "image/tiff", ".tiff": "image/tiff", ".pdf": "application/pdf",
}
