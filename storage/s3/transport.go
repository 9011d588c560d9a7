package s3

import (
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"slices"
	"time"
)

const (
	maxIdle  = 64  // connections kept: as many as are fetched from at once on a large machine
	maxConns = 256 // connections at once; more requests wait, as long as their contexts let them
	// maxHeader bytes of a response's header: S3 allows 2 KiB of metadata, others a little
	// more.
	maxHeader = 64 << 10
	// maxDocument bytes of a response that is no object: a thousand keys of 1 KiB, three
	// times as long when escaped, with the metadata of each.
	maxDocument = 8 << 20
	idleTime    = time.Minute
)

// newTransport makes the transport below minio-go. It bounds everything but the size of
// bodies, which the caller does.
func newTransport(o Options) http.RoundTripper {
	dialer := &net.Dialer{Timeout: o.ConnectTimeout, KeepAlive: 30 * time.Second}
	transport := http.RoundTripper(&http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    o.ConnectTimeout,
		ResponseHeaderTimeout:  o.HeaderTimeout,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    maxIdle,
		MaxConnsPerHost:        maxConns,
		IdleConnTimeout:        idleTime,
		MaxResponseHeaderBytes: maxHeader,
		// An object stored with Content-Encoding: gzip must not be unpacked, nor others be
		// packed on the way: Content-Length is the object's size.
		DisableCompression: true,
	})
	if o.Wrap != nil {
		transport = o.Wrap(transport)
	}
	return wrapTransport(transport, o.StallTimeout)
}

// wrapTransport adds checks of responses and the idle timeout of bodies.
func wrapTransport(transport http.RoundTripper, stall time.Duration) http.RoundTripper {
	return idleTimeoutTransport{sanitizingTransport{transport}, stall}
}

// sanitizingTransport turns responses into errors that look like success and are no
// complete object, and web pages that look like "no such object". From others it removes
// headers that minio-go fails for, and cookies, which it would keep.
type sanitizingTransport struct{ next http.RoundTripper }

// keptHeaders are the headers of a success that are used. Others can do harm: minio-go
// fails for an object whose uploader gave it "Expires: 0".
var keptHeaders = []string{"Content-Encoding", "Content-Length", "Content-Type", "Etag", "Last-Modified", "X-Amz-Request-Id", "X-Amz-Bucket-Region", "X-Amz-Meta-" + noteName}

func (s sanitizingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := s.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Header.Del("Set-Cookie")
	if err := rejectResponse(resp); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	if resp.StatusCode >= 300 || req.URL.RawQuery != "" {
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxDocument)
	}
	if resp.StatusCode >= 300 {
		return resp, nil
	}
	for name := range resp.Header {
		if !slices.Contains(keptHeaders, name) {
			delete(resp.Header, name)
		}
	}
	return resp, nil
}

func rejectResponse(resp *http.Response) error {
	switch {
	case (resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusForbidden) && isPage(resp):
		return fmt.Errorf("a web page with status %d, not a response of S3: a proxy does not reach it, or the endpoint is another server", resp.StatusCode)
	case resp.StatusCode >= 300:
		return nil
	case resp.Request.Method == http.MethodDelete: // of an object, or an upload that failed
		return nil
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("the server responds %s to a plain request", resp.Status)
	// A body that ends with its connection looks whole wherever it is cut.
	case resp.Request.Method != http.MethodHead && resp.ContentLength < 0 && !slices.Contains(resp.TransferEncoding, "chunked"):
		return errors.New("the server does not say where the body ends")
	}
	return nil
}

// isPage reports a body in HTML or plain text, as the errors of load balancers and web
// servers have. Those of S3 are XML. minio-go takes any 404 for NoSuchKey, and any 403 for
// AccessDenied.
func isPage(resp *http.Response) bool {
	mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return mediaType == "text/html" || mediaType == "text/plain"
}
