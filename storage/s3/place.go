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

// place is what a URL says.
type place struct {
	bucket    string
	prefix    string // "" or ending with a slash
	endpoint  *url.URL
	public    *url.URL // nil where it is endpoint
	region    string
	profile   string
	anonymous bool
	lookup    minio.BucketLookupType
}

// parse reads a URL as Open describes it.
func parse(u *url.URL) (place, error) {
	const form = "write s3://bucket or s3://bucket/prefix"
	switch {
	case u.Scheme != "s3":
		return place{}, fmt.Errorf("a URL of a bucket begins with s3:, not %q", u.Scheme)
	case u.User != nil:
		return place{}, errSecrets
	case u.Opaque != "" || u.Host == "":
		return place{}, errors.New("an s3: URL without a bucket: " + form)
	}
	if err := s3utils.CheckValidBucketName(u.Host); err != nil || strings.Contains(u.Host, ":") {
		return place{}, fmt.Errorf("%q is no name of a bucket: %s", u.Host, form)
	}
	prefix, err := storage.CleanPrefix(u.Path)
	if err != nil {
		return place{}, err
	}
	p := place{bucket: u.Host, prefix: prefix}
	return p, p.parameters(u)
}

var errSecrets = errors.New("credentials do not belong into a URL, which ends up in process lists and logs: " +
	"give them in the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) or in the shared credentials file, with profile=name")

func (p *place) parameters(u *url.URL) error {
	values := u.Query() // without what cannot be read, of which CheckParameters complains
	for name := range values {
		if storage.SoundsSecret(name) {
			return errSecrets
		}
	}
	if err := storage.CheckParameters(u, "endpoint", "region", "profile", "anonymous", "lookup", "public"); err != nil {
		return err
	}
	p.region, p.profile = values.Get("region"), values.Get("profile")
	var err error
	if p.endpoint, err = parseEndpoint(cmp.Or(values.Get("endpoint"), amazon)); err != nil {
		return err
	}
	if public := values.Get("public"); public != "" {
		if p.public, err = parseEndpoint(public); err != nil {
			return fmt.Errorf("public: %w", err)
		}
	}
	if p.lookup, err = parseLookup(values.Get("lookup")); err != nil {
		return err
	}
	switch anonymous := values.Get("anonymous"); anonymous {
	case "", "false", "0":
	case "true", "1":
		p.anonymous = true
	default:
		return fmt.Errorf("anonymous=%s: it is true or false", anonymous)
	}
	if p.anonymous && p.profile != "" {
		return errors.New("anonymous and profile contradict each other: anonymous requests have no credentials")
	}
	return nil
}

// contains reports that other's objects are some of ours: a server may be known under
// several names, of which only Amazon's are seen through.
func (p *place) contains(other place) bool {
	return p.server() == other.server() && p.bucket == other.bucket && strings.HasPrefix(other.prefix, p.prefix)
}

// server is the host and port, and one for all of Amazon's, where each bucket's name
// is there once.
func (p *place) server() string {
	host := strings.ToLower(p.endpoint.Hostname())
	if strings.HasSuffix(host, ".amazonaws.com") {
		return "amazonaws.com"
	}
	port := p.endpoint.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[p.endpoint.Scheme]
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
	switch s {
	case "", "auto":
		return minio.BucketLookupAuto, nil
	case "path":
		return minio.BucketLookupPath, nil
	case "dns":
		return minio.BucketLookupDNS, nil
	default:
		return 0, fmt.Errorf("lookup=%s: it is path, dns or auto", s)
	}
}

// name is what logs call the place.
func (p *place) name() string {
	u := url.URL{Scheme: "s3", Host: p.bucket, Path: strings.TrimSuffix("/"+p.prefix, "/")}
	return fmt.Sprintf("%s (%s)", &u, p.endpoint.Host)
}
