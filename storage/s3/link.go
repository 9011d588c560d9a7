package s3

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/thumbery/thumbery/storage"
)

// maxExpires is how long a link works at most; a day's more is refused by S3.
const maxExpires = 7 * 24 * time.Hour

// linker makes links for browsers, which may know the place under another name
// than we do. The signature covers that name.
type linker struct {
	host     string
	settings minio.Options
	plain    bool
}

func newLinker(p place, settings minio.Options) linker {
	l := linker{host: p.endpoint.Host, settings: settings, plain: p.anonymous}
	if p.public != nil {
		l.host, l.settings.Secure = p.public.Host, p.public.Scheme == "https"
	}
	if l.plain {
		// Nothing is presigned without credentials; what these sign is cut off.
		l.settings.Creds = credentials.NewStaticV4("nobody", "nothing", "")
	}
	return l
}

func (l *linker) link(ctx context.Context, method, region, bucket, object string, expires time.Duration, query url.Values) (*url.URL, error) {
	settings := l.settings
	settings.Region = region
	client, err := minio.New(l.host, &settings) // opens nothing
	if err != nil {
		return nil, err
	}
	u, err := client.Presign(ctx, method, bucket, object, expires, query)
	if err == nil && l.plain {
		u.RawQuery = ""
	}
	return u, err
}

// Link is a presigned URL, for a second to seven days; one that the role of a
// machine signs ends with its credentials, which is within hours. For a place with
// anonymous=true it is the object's own URL, which does not end, and leaves the
// disposition as it is.
//
// The network is only needed to find credentials, and once to ask for the
// bucket's region, where region= does not say it.
func (o *Origin) Link(ctx context.Context, key string, options storage.LinkOptions) (string, error) {
	region, err := o.core.GetBucketLocation(ctx, o.place.bucket)
	if err != nil {
		return "", o.failure(ctx, "region for a link to", key, err)
	}
	query := url.Values{}
	if options.Disposition != "" {
		query.Set("response-content-disposition", options.Disposition)
	}
	method := http.MethodGet
	if options.Head {
		method = http.MethodHead
	}
	expires := min(max(options.Expires, time.Second), maxExpires)
	u, err := o.links.link(ctx, method, region, o.place.bucket, o.place.prefix+key, expires, query)
	if err != nil {
		return "", storage.Unavailable(ctx, o.name, fmt.Errorf("link to %q: %w", key, clip(err.Error())))
	}
	return u.String(), nil
}
