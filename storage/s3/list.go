package s3

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/thumbery/thumbery/storage"
)

// errCircle is that of a place whose listing would never end.
var errCircle = errors.New("the listing begins again")

// List asks for a thousand objects at a time. Empty objects whose names end with a
// slash are not told to skipped: they stand for directories.
func (o *Origin) List(ctx context.Context, prefix string, skipped func(key string)) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		first := ""
		for info := range o.core.ListObjectsIter(ctx, o.place.bucket, minio.ListObjectsOptions{
			Prefix: o.place.prefix + prefix, Recursive: true, FetchOwner: new(bool),
		}) {
			if ctx.Err() != nil {
				break
			}
			if first == info.Key && info.Err == nil {
				info.Err = errCircle
			}
			if info.Err != nil {
				yield(storage.Entry{}, o.failure(ctx, "list", prefix, info.Err))
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
		if ctx.Err() != nil { // of which minio-go says nothing
			yield(storage.Entry{}, storage.Unavailable(ctx, o.name, ctx.Err()))
		}
	}
}

// skip tells of an object without a key, but for the empty ones that consoles make
// for directories to show.
func (o *Origin) skip(skipped func(string), info minio.ObjectInfo) {
	if skipped == nil || info.Size == 0 && strings.HasSuffix(info.Key, "/") {
		return
	}
	skipped(strings.TrimPrefix(info.Key, o.place.prefix))
}
