package s3

import (
	"cmp"
	"context"
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
	// retrieveTimeout is how long finding credentials may take: the services that have the
	// credentials of a role are on the machine or next to it.
	retrieveTimeout = 3 * time.Second
	// metadataConnectTimeout is for networks that drop packets to the metadata service
	// where there is none.
	metadataConnectTimeout = time.Second
	// retryAfterFailure is how long a failure is returned to all requests, so that only
	// one of them in that time waits for it.
	retryAfterFailure = 15 * time.Second
)

// credentialChain tries minio-go's providers in order. credentials.Chain would, too, but
// where it finds nothing the requests are anonymous, so that a metadata service that is
// down becomes AccessDenied, and it tries again for every request; and it drops
// credentials when renewing them fails, long before they expire. Here to find nothing is
// an error, which is remembered, and credentials are used until they expire.
//
// credentials.Credentials calls it under its lock.
type credentialChain struct {
	providers []credentials.Provider
	where     string // what the providers are, for the error
	now       func() time.Time
	limit     time.Duration // for trying all

	source  credentials.Provider // of last; nil if none
	last    credentials.Value
	failure error
	again   time.Time // when to try again after a failure
}

// newCredentialChain uses the environment, the shared files and the machine's role; only
// the shared files if a profile is named.
func newCredentialChain(profile string) *credentialChain {
	file := &credentials.FileAWSCredentials{Profile: profile}
	c := &credentialChain{now: time.Now, limit: retrieveTimeout}
	if profile != "" {
		c.providers = []credentials.Provider{file}
		c.where = fmt.Sprintf("profile %q of the shared credentials file", profile)
		return c
	}
	c.providers = []credentials.Provider{&credentials.EnvAWS{}, &credentials.EnvMinio{}, file}
	c.where = "the environment (AWS_ACCESS_KEY_ID and so on), the shared credentials file"
	if hasRoles() {
		c.providers = append(c.providers, &credentials.IAM{Client: roleClient()})
		c.where += ", the role of this machine"
	}
	return c
}

// hasRoles is false where AWS_EC2_METADATA_DISABLED says that there is no metadata
// service, and no other service with the credentials of a role is configured.
func hasRoles() bool {
	other := cmp.Or(
		os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE"),
		os.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), os.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
	)
	return other != "" || !strings.EqualFold(os.Getenv("AWS_EC2_METADATA_DISABLED"), "true")
}

// roleClient is for the services that have the credentials of a role.
func roleClient() *http.Client {
	return &http.Client{
		Timeout: retrieveTimeout,
		Transport: &http.Transport{
			Proxy:                  proxyUnlessLinkLocal,
			DialContext:            (&net.Dialer{Timeout: metadataConnectTimeout}).DialContext,
			MaxResponseHeaderBytes: maxHeader,
			DisableKeepAlives:      true, // once in an hour
		},
	}
}

// proxyUnlessLinkLocal uses no proxy for the metadata service: it would answer with the
// role of the proxy's machine.
func proxyUnlessLinkLocal(req *http.Request) (*url.URL, error) {
	if ip := net.ParseIP(req.URL.Hostname()); ip != nil && ip.IsLinkLocalUnicast() {
		return nil, nil
	}
	return http.ProxyFromEnvironment(req)
}

// IsExpired is always true, so that RetrieveWithCredContext is called for every request.
func (c *credentialChain) IsExpired() bool { return true }

// Retrieve is RetrieveWithCredContext without a context.
func (c *credentialChain) Retrieve() (credentials.Value, error) {
	return c.RetrieveWithCredContext(&credentials.CredContext{})
}

// RetrieveWithCredContext finds credentials, or returns the last ones where these are fresh, or
// could not be renewed but have not expired.
func (c *credentialChain) RetrieveWithCredContext(cc *credentials.CredContext) (credentials.Value, error) {
	if c.source != nil && !c.source.IsExpired() {
		return c.last, nil
	}
	err := c.failure
	if !c.now().Before(c.again) {
		err = c.renew(cc)
	}
	if c.source != nil && (err == nil || c.last.Expiration.After(c.now())) {
		return c.last, nil
	}
	return credentials.Value{}, err
}

// renew finds credentials within the limit, and remembers if there are none.
func (c *credentialChain) renew(cc *credentials.CredContext) error {
	caller := cmp.Or(cc.Context, context.Background())
	ctx, cancel := context.WithTimeout(caller, c.limit)
	defer cancel()
	bounded := *cc
	bounded.Context = ctx
	err := c.find(&bounded)
	if caller.Err() != nil {
		return caller.Err() // the caller left; that is no failure
	}
	if err != nil {
		c.failure, c.again = err, c.now().Add(retryAfterFailure)
	}
	return err
}

func (c *credentialChain) find(cc *credentials.CredContext) error {
	var causes []string
	for _, provider := range c.providers {
		value, err := provider.RetrieveWithCredContext(cc)
		if err == nil && value.AccessKeyID != "" && value.SecretAccessKey != "" {
			c.source, c.last = provider, value
			return nil
		}
		if err != nil {
			causes = append(causes, err.Error())
		}
	}
	return fmt.Errorf("no credentials: tried %s; a public bucket needs anonymous=true: %s",
		c.where, clip(strings.Join(causes, "; ")))
}
