package s3

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// clearEnvironment hides the developer's own credentials, and the network's.
func clearEnvironment(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_SESSION_TOKEN",
		"AWS_PROFILE", "MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD", "MINIO_ACCESS_KEY", "MINIO_SECRET_KEY",
		"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	} {
		t.Setenv(name, "")
	}
	home := t.TempDir()
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(home, "credentials"))
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(home, "config"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

func TestCredentialChain(t *testing.T) {
	const file = "[default]\naws_access_key_id=fromFile\naws_secret_access_key=s\n" +
		"[pictures]\naws_access_key_id=fromProfile\naws_secret_access_key=s\n"
	tests := []struct {
		name    string
		env     []string
		file    string
		profile string
		want    string // access key; "" for none
		problem string
	}{
		{"AWS", []string{"AWS_ACCESS_KEY_ID", "aws", "AWS_SECRET_ACCESS_KEY", "s"}, file, "", "aws", ""},
		{"MinIO", []string{"MINIO_ACCESS_KEY", "minio", "MINIO_SECRET_KEY", "s"}, file, "", "minio", ""},
		{"half", []string{"AWS_ACCESS_KEY_ID", "aws"}, file, "", "fromFile", ""},
		{"file", nil, file, "", "fromFile", ""},
		{"AWS_PROFILE", []string{"AWS_PROFILE", "pictures"}, file, "", "fromProfile", ""},
		{"profile", []string{"AWS_ACCESS_KEY_ID", "aws", "AWS_SECRET_ACCESS_KEY", "s"}, file, "pictures", "fromProfile", ""},
		{"no such profile", []string{"AWS_ACCESS_KEY_ID", "aws", "AWS_SECRET_ACCESS_KEY", "s"}, file, "other", "", `profile "other"`},
		{"nothing", nil, "", "", "", "anonymous=true"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clearEnvironment(t)
			if err := os.WriteFile(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), []byte(tt.file), 0o600); err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(tt.env); i += 2 {
				t.Setenv(tt.env[i], tt.env[i+1])
			}
			value, err := credentials.New(newCredentialChain(tt.profile)).GetWithContext(nil)
			if value.AccessKeyID != tt.want {
				t.Errorf("found %q, %v; want %q", value.AccessKeyID, err, tt.want)
			}
			if tt.problem != "" && (err == nil || !strings.Contains(err.Error(), tt.problem)) {
				t.Errorf("error is %v, want one with %q", err, tt.problem)
			}
		})
	}
}

// role is a service that gives out credentials for an hour, or fails.
type role struct {
	now     *time.Time
	asked   int
	fail    error
	expires time.Time
}

func (r *role) RetrieveWithCredContext(cc *credentials.CredContext) (credentials.Value, error) {
	r.asked++
	if err := cc.Context.Err(); err != nil {
		return credentials.Value{}, err
	}
	if r.fail != nil {
		return credentials.Value{}, r.fail
	}
	r.expires = r.now.Add(time.Hour)
	return credentials.Value{AccessKeyID: "role", SecretAccessKey: "s", Expiration: r.expires}, nil
}

func (r *role) Retrieve() (credentials.Value, error) {
	return credentials.Value{}, errors.New("unused")
}

func (r *role) IsExpired() bool { return r.now.After(r.expires.Add(-10 * time.Minute)) }

func TestCredentialChainRenews(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, 5, 17, 10, 0, 0, 0, time.UTC)
	service := &role{now: &now}
	found := credentials.New(&credentialChain{providers: []credentials.Provider{service}, now: func() time.Time { return now }, limit: retrieveTimeout})
	down := errors.New("metadata service is down")
	steps := []struct {
		what  string
		after time.Duration
		fail  error
		asked int
		ok    bool
	}{
		{"nothing yet", 0, down, 1, false},
		{"the failure is remembered", 10 * time.Second, nil, 1, false},
		{"and asked about again", 6 * time.Second, nil, 2, true},
		{"what is fresh is kept", 40 * time.Minute, down, 2, true},
		{"what cannot be renewed is used while it is good", 12 * time.Minute, down, 3, true},
		{"without asking for every request", time.Second, down, 3, true},
		{"but after a while", 20 * time.Second, down, 4, true},
		{"until it expires", 10 * time.Minute, down, 5, false},
		{"and it comes back", time.Minute, nil, 6, true},
	}
	for _, step := range steps {
		now = now.Add(step.after)
		service.fail = step.fail
		value, err := found.GetWithContext(nil)
		if ok := err == nil && value.AccessKeyID == "role"; ok != step.ok || service.asked != step.asked {
			t.Fatalf("%s: got %q, %v, asked %d times; want ok %t, %d times", step.what, value.AccessKeyID, err, service.asked, step.ok, step.asked)
		}
	}
}

// TestFinderCallerLeaves: one caller's leaving is no failure for the next.
func TestCredentialChainCallerLeaves(t *testing.T) {
	t.Parallel()
	now := time.Now()
	found := credentials.New(&credentialChain{providers: []credentials.Provider{&role{now: &now}}, now: time.Now, limit: retrieveTimeout})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := found.GetWithContext(&credentials.CredContext{Context: ctx}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want context.Canceled", err)
	}
	if _, err := found.GetWithContext(nil); err != nil {
		t.Errorf("the next caller gets %v", err)
	}
}

// TestFinderIsBounded: a service that takes the request and says nothing. What
// is asked for stands in for the machine's service, which no test may ask.
func TestCredentialChainIsBounded(t *testing.T) {
	asked := make(chan struct{}, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	clearEnvironment(t)
	found := credentials.New(&credentialChain{
		providers: []credentials.Provider{&credentials.IAM{Client: roleClient(), Endpoint: server.URL}},
		now:       time.Now, limit: 50 * time.Millisecond,
	})
	for range 5 {
		if _, err := found.GetWithContext(nil); err == nil || !strings.Contains(err.Error(), "deadline") {
			t.Errorf("error is %v, want that of the limit", err)
		}
	}
	if n := len(asked); n > 1 {
		t.Errorf("the service was asked %d times for 5 requests, want once", n)
	}
}

func TestRoleOfMachine(t *testing.T) {
	clearEnvironment(t)
	if hasRoles() {
		t.Error("asks the metadata service although it is disabled")
	}
	t.Setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/creds")
	if !hasRoles() {
		t.Error("does not ask the container's service")
	}
	t.Setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "")
	if n := len(newCredentialChain("").providers); !hasRoles() || n != 4 {
		t.Errorf("asks %d providers, want 4", n)
	}
}

func TestNoProxyForMetadata(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"169.254.169.254", "169.254.170.2", "[fe80::1]"} {
		req := &http.Request{URL: &url.URL{Scheme: "http", Host: host}}
		if proxy, err := proxyUnlessLinkLocal(req); proxy != nil || err != nil {
			t.Errorf("%s: proxy %v, %v", host, proxy, err)
		}
	}
}
