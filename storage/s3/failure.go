package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/thumbery/thumbery/storage"
)

// failure sorts the errors of a request for an object.
func (o *Origin) failure(ctx context.Context, method, key string, err error) error {
	resp, ok := errors.AsType[minio.ErrorResponse](err)
	if !ok {
		return storage.Unavailable(ctx, o.name, clipped{err})
	}
	reads := method == http.MethodGet
	hint := ""
	if reads && resp.Code == minio.AccessDenied {
		hint = "; without the right s3:ListBucket that is also the answer for an object that does not exist"
	}
	cause := fmt.Errorf("%s %q: HTTP %d %w: %w%s", method, key, resp.StatusCode, clip(resp.Code), clip(resp.Message), hint)
	switch m := meaningOf(resp); {
	case reads && ctx.Err() == nil && (m == absent || m == impossible):
		return storage.NotFound(o.name, key)
	case m == refused || m == impossible:
		return storage.Refused(ctx, o.name, cause)
	case m == conflicting:
		return storage.Transient(ctx, o.name, cause)
	default: // where something is to be written, only a bucket can be absent
		return storage.Unavailable(ctx, o.name, cause)
	}
}

// clipped is an error whose text is bounded by clip.
type clipped struct{ error }

func (e clipped) Error() string { return clip(e.error.Error()).Error() }
func (e clipped) Unwrap() error { return e.error }

// meaning is what an error of S3 says, and of what.
type meaning int

const (
	ofAll       meaning = iota // the place, the bucket or we: every request would fail
	absent                     // there is no such object
	impossible                 // there can be no object under this name
	refused                    // this object cannot be had or written; others can
	conflicting                // this object is being written by somebody else
)

// meaningOf is decided by the code, and by the status where the code is unknown or
// missing: a 4xx that is not known to concern all objects is about this one. Keys
// come from the public, and none of them may have the place taken for broken.
func meaningOf(resp minio.ErrorResponse) meaning {
	if m, known := codes[resp.Code]; known {
		return m
	}
	switch status := resp.StatusCode; status {
	case http.StatusUnauthorized, http.StatusProxyAuthRequired, http.StatusRequestTimeout,
		http.StatusMisdirectedRequest, http.StatusTooEarly, http.StatusTooManyRequests:
		return ofAll
	case http.StatusNotFound:
		if strings.HasPrefix(resp.Code, "NoSuch") { // of a bucket, a website, a tenant
			return ofAll
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
		return ofAll
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

	"XMinioObjectExistsAsDirectory": refused, // 409, but nothing that passes
	"NotImplemented":                refused, // MinIO, of an encrypted object when it has no KMS any more

	// Keys, clock, signature or account are wrong.
	"AccountProblem": ofAll, "AllAccessDisabled": ofAll, "AuthorizationHeaderMalformed": ofAll,
	"AuthorizationParametersError": ofAll, "AuthorizationQueryParametersError": ofAll, "CredentialsNotSupported": ofAll,
	"ExpiredToken": ofAll, "InvalidAccessKeyId": ofAll, "InvalidPayer": ofAll, "InvalidSecurity": ofAll, "InvalidToken": ofAll,
	"InvalidTokenId": ofAll, "MalformedDate": ofAll, "MissingAuthenticationToken": ofAll, "MissingSecurityElement": ofAll,
	"MissingSecurityHeader": ofAll, "NotDeviceOwnerError": ofAll, "NotSignedUp": ofAll, "RequestExpired": ofAll,
	"RequestTimeTooSkewed": ofAll, "SignatureDoesNotMatch": ofAll, "TokenRefreshRequired": ofAll, "UnauthorizedAccess": ofAll,
	"UserSuspended": ofAll, "XMinioInvalidIAMCredentials": ofAll,

	// The bucket or the endpoint is another one.
	"DeviceNotActiveError": ofAll, "EndpointNotFound": ofAll, "IllegalLocationConstraintException": ofAll,
	"IncorrectEndpoint": ofAll, "InvalidBucketName": ofAll, "InvalidRegion": ofAll, "PermanentRedirect": ofAll,
	"TemporaryRedirect": ofAll, "XMinioInsecureClientRequest": ofAll,

	// The place has too much to do, or is out of order.
	"BandwidthLimitExceeded": ofAll, "RequestLimitExceeded": ofAll, "RequestTimeout": ofAll, "SlowDown": ofAll,
	"Throttling": ofAll, "ThrottlingException": ofAll, "TooManyRequests": ofAll, "XMinioBackendDown": ofAll,

	// What was sent did not come as it left.
	"BadDigest": ofAll, "IncompleteBody": ofAll, "XAmzContentChecksumMismatch": ofAll, "XAmzContentSHA256Mismatch": ofAll,
}
