package s3

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/thumbery/thumbery/storage"
)

// errListingLoops is the error of a server whose listing would never end.
var errListingLoops = errors.New("the listing repeats itself")

// List requests a thousand objects at a time. Empty objects whose names end with a slash
// are not passed to skipped: they stand for directories.
func (o *Origin) List(ctx context.Context, prefix string, skipped func(key string)) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		first := ""
		for info := range o.core.ListObjectsIter(ctx, o.location.bucket, minio.ListObjectsOptions{
			Prefix: o.location.prefix + prefix, Recursive: true, FetchOwner: new(bool),
		}) {
			if ctx.Err() != nil {
				break
			}
			if first == info.Key && info.Err == nil {
				info.Err = errListingLoops
			}
			if info.Err != nil {
				yield(storage.Entry{}, o.wrapError(ctx, "list", prefix, info.Err))
				return
			}
			if first == "" {
				first = info.Key
			}
			key, ok := o.key(info.Key)
			if !ok {
				o.skip(skipped, info)
				continue
			}
			if !yield(o.entry(key, info), nil) {
				return
			}
		}
		if ctx.Err() != nil { // which minio-go does not report
			yield(storage.Entry{}, storage.Unavailable(ctx, o.name, ctx.Err()))
		}
	}
}

// skip reports an object without a key, except the empty ones that consoles make for
// directories to show.
func (o *Origin) skip(skipped func(string), info minio.ObjectInfo) {
	if skipped == nil || info.Size == 0 && strings.HasSuffix(info.Key, "/") {
		return
	}
	skipped(strings.TrimPrefix(info.Key, o.location.prefix))
}
