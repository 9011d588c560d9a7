package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/thumbery/thumbery/storage"
)

// failure sorts the errors of a request for an object.
func (o *Origin) failure(ctx context.Context, method, key string, err error) error {
	resp, ok := errors.AsType[minio.ErrorResponse](err)
	if !ok {
		return storage.Unavailable(ctx, o.name, clip(err.Error()))
	}
	reads := method == http.MethodGet
	if reads && ctx.Err() == nil && isAbsence(resp) {
		return storage.NotFound(o.name, key)
	}
	hint := ""
	if reads && resp.Code == minio.AccessDenied {
		hint = "; without the right s3:ListBucket that is also the answer for an object that does not exist"
	}
	cause := fmt.Errorf("%s %q: HTTP %d %w: %w%s", method, key, resp.StatusCode, clip(resp.Code), clip(resp.Message), hint)
	if isRefusal(resp) {
		return storage.Refused(ctx, o.name, cause)
	}
	return storage.Unavailable(ctx, o.name, cause)
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

// isRefusal reports whether the place works, and does not do it for this object:
// for want of a right, because the object is in an archive, or because there
// cannot be one under such a name.
func isRefusal(resp minio.ErrorResponse) bool {
	switch resp.Code {
	case "KeyTooLongError", "EntityTooLarge", minio.XMinioInvalidObjectName, "XMinioParentIsObject", "XMinioObjectExistsAsDirectory":
		return true
	}
	return resp.StatusCode == http.StatusForbidden && !slices.Contains(brokenForAll, resp.Code)
}

// brokenForAll are the codes that come with a 403 where nothing would be answered
// otherwise: keys, clock or account are wrong.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
var brokenForAll = []string{
	"RequestTimeTooSkewed", "RequestExpired", "SignatureDoesNotMatch", "InvalidAccessKeyId", "ExpiredToken", "InvalidToken",
	"InvalidSecurity", "AccountProblem", "AllAccessDisabled", "NotSignedUp", "NotDeviceOwnerError",
}
