// Package s3 is the origin that reads originals from a bucket of Amazon S3 or of
// anything that speaks its protocol.
package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/thumbery/thumbery/storage"
)

// Options are for programs; people write URLs. The zero value of each is a
// default that suits a server near its bucket.
type Options struct {
	// ConnectTimeout bounds connecting, and again the TLS handshake: 5 s.
	ConnectTimeout time.Duration
	// HeaderTimeout bounds the wait for an answer to a request: 10 s.
	HeaderTimeout time.Duration
	// StallTimeout bounds the wait for the next bytes of a body: 20 s. A slow
	// body may take any time as long as it moves.
	StallTimeout time.Duration
	// Tries is how often a request is sent when the place fails: 2. It does not
	// count a connection that the place had closed while it was idle.
	Tries int
	// AccessKey and SecretKey are used as they are if set. Without them the
	// environment is asked (AWS_ACCESS_KEY_ID, MINIO_ACCESS_KEY and so on), then
	// the shared files of the AWS tools, then the role of the machine or pod.
	AccessKey, SecretKey string
}

func (o Options) withDefaults() Options {
	o.ConnectTimeout = orDefault(o.ConnectTimeout, 5*time.Second)
	o.HeaderTimeout = orDefault(o.HeaderTimeout, 10*time.Second)
	o.StallTimeout = orDefault(o.StallTimeout, 20*time.Second)
	o.Tries = orDefault(o.Tries, 2)
	return o
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// Origin reads the objects of a bucket whose keys begin with a prefix.
//
// The rights it needs are s3:GetObject and s3:ListBucket. Without the latter S3
// answers 403 for an object that does not exist, just as for one that may not be
// read; that is ErrUnavailable, as nobody knows whether it is there, and Check
// fails for the same reason.
type Origin struct {
	core   *minio.Core
	bucket string
	prefix string // "" or ending with a slash
	name   string
}

// Open returns the origin of a URL
//
//	s3://bucket/prefix?endpoint=http://127.0.0.1:9000&region=eu-west-1&profile=pictures
//
// of which only the bucket is needed. The parameters are
//
//	endpoint   the place, http or https, without a path; Amazon S3 if not given
//	region     the bucket's region; the place is asked for it if not given
//	profile    the section of the shared credentials file to use, and no other
//	           credentials; if not given, the environment, AWS_PROFILE or the
//	           section default, and the machine's role are tried
//	anonymous  true: requests are not signed, for public buckets
//	lookup     path (http://host/bucket/key) or dns (http://bucket.host/key);
//	           dns for Amazon and path elsewhere if not given
//
// Credentials never stand in a URL: one with a user, or with a parameter that
// sounds like a credential, is refused. Open sends nothing: the place may be
// down.
func Open(u *url.URL) (*Origin, error) { return OpenWith(u, Options{}) }

// OpenWith is Open with options.
func OpenWith(u *url.URL, options Options) (*Origin, error) {
	options = options.withDefaults()
	p, err := parse(u)
	if err != nil {
		return nil, err
	}
	return openVia(newTransport(options), p, options)
}

func openVia(transport http.RoundTripper, p place, options Options) (*Origin, error) {
	core, err := minio.NewCore(p.endpoint.Host, &minio.Options{
		Creds:        credentialsFor(p, options),
		Secure:       p.endpoint.Scheme == "https",
		Transport:    transport,
		Region:       p.region,
		BucketLookup: p.lookup,
		MaxRetries:   options.Tries,
	})
	if err != nil {
		return nil, fmt.Errorf("s3://%s: %w", p.bucket, err)
	}
	return &Origin{core: core, bucket: p.bucket, prefix: p.prefix, name: p.name()}, nil
}

func credentialsFor(p place, options Options) *credentials.Credentials {
	switch {
	case p.anonymous:
		return credentials.NewStatic("", "", "", credentials.SignatureAnonymous)
	case options.AccessKey != "" || options.SecretKey != "":
		return credentials.NewStaticV4(options.AccessKey, options.SecretKey, "")
	default:
		return credentials.New(newFinder(p.profile))
	}
}

// Open asks for the object with the prefix before its key.
func (o *Origin) Open(ctx context.Context, key string) (*storage.Object, error) {
	// Core.GetObject sends one GET and gives its body as it is. Client.GetObject
	// would send nothing before the first Read, and read ahead in a goroutine.
	body, info, _, err := o.core.GetObject(ctx, o.bucket, o.prefix+key, minio.GetObjectOptions{})
	if err != nil {
		return nil, o.failure(ctx, key, err)
	}
	return &storage.Object{
		Body:    storage.Exact(ctx, body, info.Size, o.name),
		Size:    info.Size,
		ModTime: info.LastModified.UTC().Truncate(time.Second),
		ETag:    cleanETag(info.ETag),
	}, nil
}

// cleanETag takes away what is left of W/"…" when minio-go is done with it.
func cleanETag(s string) string { return strings.Trim(strings.TrimPrefix(s, "W/"), `"`) }

// checkKey is asked for by Check. It is not meant to exist, and may.
const checkKey = ".thumbery-check"

// Check asks for an object, and is content with "no such object": the place is
// there, the bucket exists, and the credentials allow what Open needs. A HEAD of
// the bucket would cost the same, and say less: it needs no right to read
// objects, and its errors come without a code.
func (o *Origin) Check(ctx context.Context) error {
	object, err := o.Open(ctx, checkKey)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return object.Body.Close()
}

// String is s3://bucket/prefix (host:port).
func (o *Origin) String() string { return o.name }

// failure sorts the errors of a request.
func (o *Origin) failure(ctx context.Context, key string, err error) error {
	resp, ok := errors.AsType[minio.ErrorResponse](err)
	switch {
	case !ok:
		return storage.Unavailable(ctx, o.name, clip(err.Error()))
	case ctx.Err() == nil && isAbsence(resp):
		return storage.NotFound(o.name, key)
	}
	hint := ""
	if resp.StatusCode == http.StatusForbidden {
		hint = "; without the right s3:ListBucket that is also the answer for an object that does not exist"
	}
	return storage.Unavailable(ctx, o.name, fmt.Errorf(
		"GET %q: HTTP %d %w: %w%s", key, resp.StatusCode, clip(resp.Code), clip(resp.Message), hint,
	))
}

// isAbsence reports whether the place said that it has no such object, or can
// have none under such a name. A bucket that is missing is no such answer.
func isAbsence(resp minio.ErrorResponse) bool {
	switch resp.Code {
	case minio.NoSuchKey, "KeyTooLongError", minio.XMinioInvalidObjectName:
		return true
	}
	return resp.StatusCode == http.StatusNotFound && !strings.HasPrefix(resp.Code, "NoSuch")
}
