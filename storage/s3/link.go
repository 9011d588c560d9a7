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

// maxExpires is the longest lifetime of a link that S3 accepts.
const maxExpires = 7 * 24 * time.Hour

// linker makes links for browsers, which may reach the server under another name than
// we do. The signature covers that name.
type linker struct {
	host     string
	settings minio.Options
	unsigned bool
}

func newLinker(at location, settings minio.Options) linker {
	l := linker{host: at.endpoint.Host, settings: settings, unsigned: at.anonymous}
	if at.public != nil {
		l.host, l.settings.Secure = at.public.Host, at.public.Scheme == "https"
	}
	if l.unsigned {
		// Presign needs credentials; Link removes the signature of these.
		l.settings.Creds = credentials.NewStaticV4("nobody", "nothing", "")
	}
	return l
}

// Link returns a presigned URL, for a second to seven days; one that is signed by the
// role of a machine expires with its credentials, which is within hours. With
// anonymous=true it is the object's own URL, which does not expire, and the disposition
// is ignored. The region of the bucket is asked for once, where region= is not given.
func (o *Origin) Link(ctx context.Context, key string, options storage.LinkOptions) (string, error) {
	region, err := o.core.GetBucketLocation(ctx, o.location.bucket)
	if err != nil {
		return "", o.wrapError(ctx, "region for a link to", key, err)
	}
	settings := o.links.settings
	settings.Region = region
	client, err := minio.New(o.links.host, &settings) // opens nothing
	if err != nil {
		return "", storage.Unavailable(ctx, o.name, fmt.Errorf("link to %q: %s", key, clip(err.Error())))
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
	u, err := client.Presign(ctx, method, o.location.bucket, o.location.prefix+key, expires, query)
	if err != nil {
		return "", storage.Unavailable(ctx, o.name, fmt.Errorf("link to %q: %s", key, clip(err.Error())))
	}
	if o.links.unsigned {
		u.RawQuery = ""
	}
	return u.String(), nil
}
