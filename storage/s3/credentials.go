package s3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

const (
	// findLimit is how long finding credentials may take: the services that give
	// out roles are on the machine or next to it.
	findLimit = 3 * time.Second
	// connectLimit is for networks that swallow packets to the metadata service
	// where there is none.
	connectLimit = time.Second
	// findPause is how long one failure answers for all requests, so that only
	// one of them in a while waits for it.
	findPause = 15 * time.Second
)

// finder asks minio-go's providers in order. credentials.Chain would, too, but
// it takes nothing found for "anonymous", so that a metadata service that is
// down becomes AccessDenied; it asks all again for every request that finds
// nothing; and it forgets credentials when renewing them fails, which is tried a
// good while before they expire. Here nothing found is an error, which is
// remembered for findPause, and credentials are used as long as they are good.
//
// credentials.Credentials calls it under its lock.
type finder struct {
	providers []credentials.Provider
	where     string // what is asked, for people
	now       func() time.Time
	limit     time.Duration // for asking all

	found   credentials.Provider // that last comes from; nil before
	last    credentials.Value
	failure error
	again   time.Time // after a failure: when to ask again
}

// newFinder asks the environment, the shared files and the machine's role; only
// the shared files if a profile is named.
func newFinder(profile string) *finder {
	file := &credentials.FileAWSCredentials{Profile: profile}
	if profile != "" {
		return &finder{
			providers: []credentials.Provider{file}, now: time.Now, limit: findLimit,
			where: fmt.Sprintf("profile %q of the shared credentials file", profile),
		}
	}
	f := &finder{
		providers: []credentials.Provider{&credentials.EnvAWS{}, &credentials.EnvMinio{}, file}, now: time.Now, limit: findLimit,
		where: "the environment (AWS_ACCESS_KEY_ID and so on), the shared credentials file",
	}
	if hasRoles() {
		f.providers = append(f.providers, &credentials.IAM{Client: roleClient()})
		f.where += ", the role of this machine"
	}
	return f
}

// hasRoles is false where AWS_EC2_METADATA_DISABLED says that there is no
// metadata service, and nothing else that gives out roles is configured.
func hasRoles() bool {
	other := cmp.Or(
		os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE"),
		os.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), os.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
	)
	return other != "" || !strings.EqualFold(os.Getenv("AWS_EC2_METADATA_DISABLED"), "true")
}

// roleClient speaks to the services that give out roles.
func roleClient() *http.Client {
	return &http.Client{
		Timeout: findLimit,
		Transport: &http.Transport{
			Proxy:                  proxyUnlessLinkLocal,
			DialContext:            (&net.Dialer{Timeout: connectLimit}).DialContext,
			MaxResponseHeaderBytes: maxHeader,
			DisableKeepAlives:      true, // once in an hour
		},
	}
}

// proxyUnlessLinkLocal keeps a proxy from answering for the metadata service:
// with the role of the proxy's machine.
func proxyUnlessLinkLocal(req *http.Request) (*url.URL, error) {
	if ip := net.ParseIP(req.URL.Hostname()); ip != nil && ip.IsLinkLocalUnicast() {
		return nil, nil
	}
	return http.ProxyFromEnvironment(req)
}

// RetrieveWithCredContext finds credentials, or gives the last ones if they
// could not be renewed but have not expired.
func (f *finder) RetrieveWithCredContext(cc *credentials.CredContext) (credentials.Value, error) {
	if f.failure != nil && f.now().Before(f.again) {
		return f.lastOr(f.failure)
	}
	caller := cc.Context
	if caller == nil {
		caller = context.Background()
	}
	ctx, cancel := context.WithTimeout(caller, f.limit)
	defer cancel()
	bounded := *cc
	bounded.Context = ctx
	err := f.find(&bounded)
	if caller.Err() != nil {
		return f.lastOr(caller.Err()) // it did not fail, the caller left
	}
	if err != nil {
		f.failure, f.again = err, f.now().Add(findPause)
		return f.lastOr(err)
	}
	f.failure = nil
	return f.last, nil
}

// Retrieve is for programs that know no contexts.
func (f *finder) Retrieve() (credentials.Value, error) {
	return f.RetrieveWithCredContext(&credentials.CredContext{})
}

func (f *finder) find(cc *credentials.CredContext) error {
	var causes []string
	for _, provider := range f.providers {
		value, err := provider.RetrieveWithCredContext(cc)
		if err == nil && value.AccessKeyID != "" && value.SecretAccessKey != "" {
			f.found, f.last = provider, value
			return nil
		}
		if err != nil {
			causes = append(causes, err.Error())
		}
	}
	return fmt.Errorf("no credentials: looked for in %s; a public bucket needs anonymous=true: %w",
		f.where, clip(strings.Join(causes, "; ")))
}

func (f *finder) lastOr(err error) (credentials.Value, error) {
	if f.found != nil && f.last.Expiration.After(f.now()) {
		return f.last, nil
	}
	return credentials.Value{}, err
}

// IsExpired reports whether it is time to ask again.
func (f *finder) IsExpired() bool {
	switch {
	case f.found == nil:
		return true
	case f.failure != nil && f.now().Before(f.again) && f.last.Expiration.After(f.now()):
		return false
	default:
		return f.found.IsExpired()
	}
}

// clip bounds what others make us write into the log.
func clip(s string) error {
	const limit = 300
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return errors.New(s)
}
