package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/thumbery/thumbery/internal/excerpt"
	"github.com/thumbery/thumbery/storage"
)

// wrapError returns the storage error for a failed request for an object.
func (o *Origin) wrapError(ctx context.Context, method, key string, err error) error {
	resp, ok := errors.AsType[minio.ErrorResponse](err)
	if !ok {
		return storage.Unavailable(ctx, o.name, clipped{err})
	}
	names := method == http.MethodGet || method == http.MethodDelete // an object that may be absent
	hint := ""
	if method == http.MethodGet && resp.Code == minio.AccessDenied {
		hint = "; without the permission s3:ListBucket that is also the response for an object that does not exist"
	}
	cause := fmt.Errorf("%s %q: HTTP %d %s: %s%s", method, key, resp.StatusCode, clip(resp.Code), clip(resp.Message), hint)
	switch m := meaningOf(resp); {
	case names && ctx.Err() == nil && (m == absent || m == impossible):
		return storage.NotFound(o.name, key)
	case m == refused || m == impossible:
		return storage.Refused(ctx, o.name, cause)
	case m == conflicting:
		return storage.Transient(ctx, o.name, cause)
	default: // of an upload, only the bucket can be absent
		return storage.Unavailable(ctx, o.name, cause)
	}
}

// clipped is an error whose text is bounded by clip.
type clipped struct{ error }

func (e clipped) Error() string { return clip(e.error.Error()) }
func (e clipped) Unwrap() error { return e.error }

// clip bounds text that comes from outside, for the log.
func clip(s string) string { return excerpt.First(s, 300) }

// meaning is what an error of S3 says, and about what.
type meaning int

const (
	ofBackend   meaning = iota // the server, the bucket or the credentials: every request would fail
	absent                     // there is no such object
	impossible                 // there can be no object under this name
	refused                    // this object cannot be read or written; others can
	conflicting                // this object is being written by somebody else
)

// meaningOf goes by the code, and by the status where the code is unknown or missing: a
// 4xx that is not known to concern all objects is about this one. Keys come from the
// public, and no key may make the backend look broken.
func meaningOf(resp minio.ErrorResponse) meaning {
	if m, known := codes[resp.Code]; known {
		return m
	}
	if slices.Contains(codesOfBackend, resp.Code) {
		return ofBackend
	}
	switch status := resp.StatusCode; status {
	case http.StatusUnauthorized, http.StatusProxyAuthRequired, http.StatusRequestTimeout,
		http.StatusMisdirectedRequest, http.StatusTooEarly, http.StatusTooManyRequests:
		return ofBackend
	case http.StatusNotFound:
		if strings.HasPrefix(resp.Code, "NoSuch") { // of a bucket, a website, a tenant
			return ofBackend
		}
		return absent
	case http.StatusGone:
		return absent
	case http.StatusConflict:
		return conflicting
	default:
		if status/100 == 4 {
			return refused
		}
		return ofBackend
	}
}

// codes are those whose status does not say what they mean.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and MinIO's
// cmd/api-errors.go. Those that need no entry are, among others, AccessDenied,
// InvalidObjectState (in an archive), InvalidRequest (encrypted with a customer's
// key), KMS.DisabledException and KMS.NotFoundException, MethodNotAllowed (a delete
// marker), and all with a 5xx.
var codes = map[string]meaning{
	"NoSuchKey": absent, "NoSuchVersion": absent, "NoSuchUpload": refused,

	"KeyTooLongError": impossible, "InvalidURI": impossible, "XMinioInvalidObjectName": impossible,
	"XMinioInvalidResourceName": impossible, // "." or ".." as a segment, also between backslashes

	"XMinioObjectExistsAsDirectory": refused, // 409, but permanent
	"NotImplemented":                refused, // MinIO, of an encrypted object when it has no KMS any more
}

// codesOfBackend are those of codes that mean ofBackend.
var codesOfBackend = []string{
	// Keys, clock, signature or account are wrong.
	"AccountProblem", "AllAccessDisabled", "AuthorizationHeaderMalformed", "AuthorizationParametersError",
	"AuthorizationQueryParametersError", "CredentialsNotSupported", "ExpiredToken", "InvalidAccessKeyId", "InvalidPayer",
	"InvalidSecurity", "InvalidToken", "InvalidTokenId", "MalformedDate", "MissingAuthenticationToken",
	"MissingSecurityElement", "MissingSecurityHeader", "NotDeviceOwnerError", "NotSignedUp", "RequestExpired",
	"RequestTimeTooSkewed", "SignatureDoesNotMatch", "TokenRefreshRequired", "UnauthorizedAccess", "UserSuspended",
	"XMinioInvalidIAMCredentials",

	// The bucket or the endpoint is another one.
	"DeviceNotActiveError", "EndpointNotFound", "IllegalLocationConstraintException", "IncorrectEndpoint",
	"InvalidBucketName", "InvalidRegion", "PermanentRedirect", "TemporaryRedirect", "XMinioInsecureClientRequest",

	// The server is overloaded, or out of order.
	"BandwidthLimitExceeded", "RequestLimitExceeded", "RequestTimeout", "SlowDown", "Throttling", "ThrottlingException",
	"TooManyRequests", "XMinioBackendDown",

	// The uploaded bytes arrived damaged.
	"BadDigest", "IncompleteBody", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch",
}
