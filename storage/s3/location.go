package s3

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/s3utils"

	"github.com/thumbery/thumbery/storage"
)

type location struct {
	bucket    string
	prefix    string // "" or ending with a slash
	endpoint  *url.URL
	public    *url.URL // nil where it is endpoint
	region    string
	profile   string
	anonymous bool
	lookup    minio.BucketLookupType
}

func parse(u *url.URL) (location, error) {
	const form = "write s3://bucket or s3://bucket/prefix"
	switch {
	case u.Scheme != "s3":
		return location{}, fmt.Errorf("a URL of a bucket begins with s3:, not %q", u.Scheme)
	case u.User != nil:
		return location{}, errSecrets
	case u.Opaque != "" || u.Host == "":
		return location{}, errors.New("an s3: URL without a bucket: " + form)
	}
	if err := s3utils.CheckValidBucketName(u.Host); err != nil || strings.Contains(u.Host, ":") {
		return location{}, fmt.Errorf("%q is not a valid bucket name: %s", u.Host, form)
	}
	prefix, err := storage.CleanPrefix(u.Path)
	if err != nil {
		return location{}, err
	}
	l := location{bucket: u.Host, prefix: prefix}
	return l, l.parameters(u)
}

var errSecrets = errors.New("credentials do not belong in a URL, which ends up in process lists and logs: " +
	"give them in the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) or in the shared credentials file, with profile=name")

func (l *location) parameters(u *url.URL) error {
	values := u.Query() // CheckParameters reports what Query leaves out
	for name := range values {
		if storage.SoundsSecret(name) {
			return errSecrets
		}
	}
	if err := storage.CheckParameters(u, "endpoint", "region", "profile", "anonymous", "lookup", "public"); err != nil {
		return err
	}
	l.region, l.profile = values.Get("region"), values.Get("profile")
	var err error
	if l.endpoint, err = parseEndpoint(cmp.Or(values.Get("endpoint"), amazon)); err != nil {
		return err
	}
	if public := values.Get("public"); public != "" {
		if l.public, err = parseEndpoint(public); err != nil {
			return fmt.Errorf("public: %w", err)
		}
	}
	if l.lookup, err = parseLookup(values.Get("lookup")); err != nil {
		return err
	}
	switch anonymous := values.Get("anonymous"); anonymous {
	case "", "false", "0":
	case "true", "1":
		l.anonymous = true
	default:
		return fmt.Errorf("anonymous=%s: must be true or false", anonymous)
	}
	if l.anonymous && l.profile != "" {
		return errors.New("anonymous and profile contradict each other: anonymous requests have no credentials")
	}
	return nil
}

// contains reports whether the objects of other are among ours. Two names of one server
// count as two servers, except Amazon's.
func (l *location) contains(other location) bool {
	return l.server() == other.server() && l.bucket == other.bucket && strings.HasPrefix(other.prefix, l.prefix)
}

// server returns host and port, and the same for all of Amazon's, where the name of a
// bucket is unique.
func (l *location) server() string {
	host := strings.ToLower(l.endpoint.Hostname())
	if strings.HasSuffix(host, ".amazonaws.com") {
		return "amazonaws.com"
	}
	port := l.endpoint.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[l.endpoint.Scheme]
	}
	return net.JoinHostPort(host, port)
}

const amazon = "https://s3.amazonaws.com"

func parseEndpoint(s string) (*url.URL, error) {
	const form = "an endpoint is http://host:port or https://host, without a path"
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, errors.New(form) // s may hold a password
	case u.User != nil:
		return nil, errSecrets
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New(form)
	}
	return u, nil
}

func parseLookup(s string) (minio.BucketLookupType, error) {
	lookups := map[string]minio.BucketLookupType{
		"": minio.BucketLookupAuto, "auto": minio.BucketLookupAuto, "path": minio.BucketLookupPath, "dns": minio.BucketLookupDNS,
	}
	lookup, known := lookups[s]
	if !known {
		return 0, fmt.Errorf("lookup=%s: must be path, dns or auto", s)
	}
	return lookup, nil
}

func (l *location) name() string {
	u := url.URL{Scheme: "s3", Host: l.bucket, Path: strings.TrimSuffix("/"+l.prefix, "/")}
	return fmt.Sprintf("%s (%s)", &u, l.endpoint.Host)
}
