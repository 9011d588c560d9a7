package api

import (
	"fmt"
	"strconv"

	"github.com/thumbery/thumbery/pipeline"
)

// etag is the tag of a body that is sent from here, "" for none. It must be the one that
// the server in front would give to the same file.
func (f SendFile) etag(r *pipeline.Result) string {
	switch f.Header {
	case "":
		return resultETag(r)
	case AccelHeader:
		return nginxETag(r)
	}
	return "" // it depends on the server and its configuration
}

// resultETag is a strong tag: the name stands for the request, date and size for the
// original, and the sum for the bytes that were made of it.
func resultETag(r *pipeline.Result) string {
	b := make([]byte, 0, 96)
	b = append(b, '"')
	b = append(b, r.Name...)
	b = append(b, '-')
	b = strconv.AppendInt(b, r.Blob.ModTime.Unix(), 36)
	b = append(b, '-')
	b = strconv.AppendInt(b, r.Blob.Size, 36)
	if r.Sum != 0 {
		b = append(b, '-')
		b = strconv.AppendUint(b, uint64(r.Sum), 36)
	}
	b = append(b, '"')
	return string(b)
}

// nginxETag is the tag that nginx gives to a file (ngx_http_set_etag): mtime and size in
// hexadecimal.
func nginxETag(r *pipeline.Result) string {
	modified := int64(0) // which the file has where the origin gave no time
	if !r.Blob.ModTime.IsZero() {
		modified = r.Blob.ModTime.Unix()
	}
	return fmt.Sprintf(`"%x-%x"`, modified, r.Blob.Size)
}
