package s3

import (
	"errors"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/thumbery/thumbery/storage"
)

// conditionalGet requests an object only if it is of another version than have: with
// If-None-Match, or with If-Modified-Since if the server gave no ETag.
func conditionalGet(have storage.Version) (o minio.GetObjectOptions) {
	switch {
	case isETag(have.ETag):
		o.Set("If-None-Match", `"`+have.ETag+`"`)
	case have.ETag == "" && !have.ModTime.IsZero():
		o.Set("If-Modified-Since", have.ModTime.UTC().Format(http.TimeFormat))
	}
	return o
}

// isETag reports whether s is valid in a header between quotes, RFC 9110, 8.8.3.
func isETag(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '"' || r == 0x7f })
}

func isNotModified(err error) bool {
	resp, ok := errors.AsType[minio.ErrorResponse](err)
	return ok && resp.StatusCode == http.StatusNotModified
}

// cleanETag removes what minio-go leaves of W/"…".
func cleanETag(s string) string { return strings.Trim(strings.TrimPrefix(s, "W/"), `"`) }
