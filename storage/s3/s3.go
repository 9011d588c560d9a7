// Package s3 reads originals from a bucket of Amazon S3, or of a server with the same
// protocol, lists and adds them, and makes links to them.
package s3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// Options are what a URL does not say. The zero value of each is a default that suits a
// server near its bucket.
type Options struct {
	// ConnectTimeout bounds connecting, and again the TLS handshake: 5 s.
	ConnectTimeout time.Duration
	// HeaderTimeout bounds the wait for the header of a response: 10 s.
	HeaderTimeout time.Duration
	// StallTimeout bounds the wait for the next bytes of a body, received or sent: 20 s.
	// A slow body may take any time as long as bytes come.
	StallTimeout time.Duration
	// AccessKey and SecretKey are the credentials, if set. Without them those of the
	// environment are used (AWS_ACCESS_KEY_ID, MINIO_ACCESS_KEY and so on), then those of
	// the shared files of the AWS tools, then those of the role of the machine or pod.
	AccessKey, SecretKey string
	// Wrap, if not nil, is put around the transport, below what signs requests. It may add
	// headers that need no signature.
	Wrap func(http.RoundTripper) http.RoundTripper
}

func (o Options) withDefaults() Options {
	o.ConnectTimeout = cmp.Or(o.ConnectTimeout, 5*time.Second)
	o.HeaderTimeout = cmp.Or(o.HeaderTimeout, 10*time.Second)
	o.StallTimeout = cmp.Or(o.StallTimeout, 20*time.Second)
	return o
}

// Origin reads and adds the objects of a bucket whose keys begin with a prefix. It
// is a storage.Linker, a storage.Writer and a storage.Lister.
//
// It needs the permissions s3:GetObject and s3:ListBucket, and s3:PutObject for Put.
// Without s3:ListBucket S3 responds 403 for an object that does not exist, as for one
// that may not be read; that is ErrRefused, as nobody knows whether it exists, and Check
// fails for the same reason.
//
// A request is sent once; package hedge repeats it. A connection that the server had
// closed while it was idle does not count.
type Origin struct {
	core     *minio.Core
	location location
	name     string
	links    linker
	// unconditional: the server does not support If-None-Match for uploads.
	unconditional atomic.Bool
}

// Open returns the origin of a URL
//
//	s3://bucket/prefix?endpoint=http://127.0.0.1:9000&region=eu-west-1&profile=pictures
//
// of which only the bucket is needed. The parameters are
//
//	endpoint   the server, http or https, without a path; Amazon S3 if not given
//	region     the bucket's region; the server is asked for it if not given
//	profile    the section of the shared credentials file to use, and no other
//	           credentials; if not given, the environment, AWS_PROFILE or the
//	           section default, and the machine's role are tried
//	anonymous  true: requests are not signed, for public buckets
//	lookup     path (http://host/bucket/key) or dns (http://bucket.host/key);
//	           dns for Amazon and path elsewhere if not given
//	public     where browsers reach the server, for Link, if that is not endpoint
//
// Credentials do not belong in a URL: one with a user, or with a parameter that
// sounds like a credential, is an error. Open sends nothing: the server may be down.
func Open(u *url.URL, options Options) (*Origin, error) {
	options = options.withDefaults()
	at, err := parse(u)
	if err != nil {
		return nil, err
	}
	return openVia(newTransport(options), at, options)
}

func openVia(transport http.RoundTripper, at location, options Options) (*Origin, error) {
	settings := minio.Options{
		Creds:        credentialsFor(at, options),
		Secure:       at.endpoint.Scheme == "https",
		Transport:    transport,
		Region:       at.region,
		BucketLookup: at.lookup,
		MaxRetries:   1,
	}
	core, err := minio.NewCore(at.endpoint.Host, &settings)
	if err != nil {
		return nil, fmt.Errorf("s3://%s: %w", at.bucket, err)
	}
	return &Origin{core: core, location: at, name: at.name(), links: newLinker(at, settings)}, nil
}

// Contains reports that the objects of other are objects of this origin, too: in the
// same bucket below the same prefix, as far as the names of the endpoints tell.
func (o *Origin) Contains(other storage.Origin) bool {
	bucket, ok := other.(*Origin)
	return ok && o.location.contains(bucket.location)
}

func credentialsFor(at location, options Options) *credentials.Credentials {
	switch {
	case at.anonymous:
		return credentials.NewStatic("", "", "", credentials.SignatureAnonymous)
	case options.AccessKey != "" || options.SecretKey != "":
		return credentials.NewStaticV4(options.AccessKey, options.SecretKey, "")
	default:
		return credentials.New(newCredentialChain(at.profile))
	}
}

// Open reads the object with the prefix before its key.
func (o *Origin) Open(ctx context.Context, key string, have storage.Version) (*storage.Object, error) {
	// Core.GetObject sends one GET and returns its body. Client.GetObject would send
	// nothing before the first Read, and read ahead in a goroutine.
	body, info, _, err := o.core.GetObject(ctx, o.location.bucket, o.location.prefix+key, conditionalGet(have))
	if err != nil {
		if !have.IsZero() && isNotModified(err) {
			return nil, storage.ErrNotModified
		}
		return nil, o.wrapError(ctx, "GET", key, err)
	}
	entry := o.entry(key, info)
	object := &storage.Object{
		Body:     storage.ExactLength(ctx, body, entry.Size, o.name),
		Size:     entry.Size,
		ModTime:  entry.ModTime,
		ETag:     entry.ETag,
		Encoding: storage.Encoding(info.ContentEncoding),
		Link: func(ctx context.Context, options storage.LinkOptions) (string, error) {
			return o.Link(ctx, key, options)
		},
	}
	if have.Is(object.Version()) { // a server that ignores conditions
		_ = object.Body.Close()
		return nil, storage.ErrNotModified
	}
	return object, nil
}

// Stat sends a HEAD. As its errors have no body that says why, a GET finds out the
// reason.
func (o *Origin) Stat(ctx context.Context, key string) (storage.Entry, error) {
	info, err := o.core.StatObject(ctx, o.location.bucket, o.location.prefix+key, minio.StatObjectOptions{})
	if err == nil {
		return o.entry(key, info), nil
	}
	if resp, ok := errors.AsType[minio.ErrorResponse](err); !ok || resp.StatusCode/100 != 4 {
		return storage.Entry{}, o.wrapError(ctx, "HEAD", key, err)
	}
	object, err := o.Open(ctx, key, storage.Version{})
	if err != nil {
		return storage.Entry{}, err
	}
	_ = object.Body.Close() // nothing was read of it
	return storage.Entry{Key: key, Size: object.Size, ModTime: object.ModTime, ETag: object.ETag}, nil
}

func (o *Origin) entry(key string, info minio.ObjectInfo) storage.Entry {
	return storage.Entry{
		Key: key, Size: info.Size, ETag: cleanETag(info.ETag),
		ModTime: info.LastModified.UTC().Truncate(time.Second),
	}
}

// checkKey is the object that Check requests. It need not exist.
const checkKey = ".thumbery-check"

// Check requests an object, and succeeds also if there is no such object: the server
// answers, the bucket exists, and the credentials permit what Open needs. A HEAD of the
// bucket would cost the same, and say less: it needs no permission to read objects, and
// its errors have no code.
func (o *Origin) Check(ctx context.Context) error {
	object, err := o.Open(ctx, checkKey, storage.Version{})
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return object.Body.Close()
}

// String returns s3://bucket/prefix (host:port).
func (o *Origin) String() string { return o.name }

// KeyOf returns the key of an object that a notification names, and false for one that
// is not ours: of another bucket, outside of the prefix, or with a name that is no
// variant.Key. The name must have been unescaped.
func (o *Origin) KeyOf(bucket, object string) (key string, ok bool) {
	if bucket != o.location.bucket {
		return "", false
	}
	return o.key(object)
}

func (o *Origin) key(object string) (string, bool) {
	rest, ok := strings.CutPrefix(object, o.location.prefix)
	if !ok {
		return "", false
	}
	key, err := variant.ParseKey(rest)
	return string(key), err == nil
}
