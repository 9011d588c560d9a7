package s3_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/thumbery/thumbery/internal/testkit/minio"
	"github.com/thumbery/thumbery/storage/s3"
)

// TestCredentialsOfMinIO: what each giver of credentials gives is signed with,
// and a real server accepts it.
func TestCredentialsOfMinIO(t *testing.T) {
	server := minio.Start(t)
	fill(t, server, "given", "", map[string][]byte{"a": []byte("a")})
	sections := "[default]\naws_access_key_id = " + server.AccessKey + "\naws_secret_access_key = " + server.SecretKey + "\n" +
		"[stale]\naws_access_key_id = nobody\naws_secret_access_key = wrong-secret\n"
	tests := []struct {
		name, query string
		env         map[string]string
		problem     string // "" where it works
	}{
		{"MINIO_ variables", "", map[string]string{"MINIO_ACCESS_KEY": server.AccessKey, "MINIO_SECRET_KEY": server.SecretKey}, ""},
		{"section default", "", nil, ""},
		{"named section", "&profile=default", map[string]string{"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "wrong-secret"}, ""},
		{"stale section", "&profile=stale", nil, "InvalidAccessKeyId"},
		{"AWS_PROFILE", "", map[string]string{"AWS_PROFILE": "stale"}, "InvalidAccessKeyId"},
		{"missing section", "&profile=other", nil, `profile "other"`},
		{"role of a container", "", map[string]string{
			"AWS_SHARED_CREDENTIALS_FILE":        "/nonexistent",
			"AWS_CONTAINER_CREDENTIALS_FULL_URI": roles(t, server.AccessKey, server.SecretKey),
		}, ""},
		{"nothing", "", map[string]string{"AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}, "no credentials"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			onlyCredentials(t, sections, tt.env)
			origin := openAs(t, server, "given", "", tt.query, s3.Options{})
			got, err := readAll(t, origin, "a")
			switch {
			case tt.problem != "":
				wantUnavailable(t, err, tt.problem)
				wantUnavailable(t, origin.Check(t.Context()), tt.problem)
			case err != nil || got != "a":
				t.Errorf("read %q, %v", got, err)
			}
		})
	}
}

// onlyCredentials hides the developer's, and gives a shared file and variables.
func onlyCredentials(t *testing.T, file string, env map[string]string) {
	t.Helper()
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
		"MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD", "MINIO_ACCESS_KEY", "MINIO_SECRET_KEY", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	} {
		t.Setenv(name, "")
	}
	path := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", path)
	t.Setenv("AWS_CONFIG_FILE", path+".none")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true") // no test asks the real service
	for name, value := range env {
		t.Setenv(name, value)
	}
}

// roles starts a service that gives out credentials as that of containers does.
func roles(t *testing.T, access, secret string) string {
	t.Helper()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{
			"AccessKeyId": access, "SecretAccessKey": secret, "Expiration": time.Now().Add(time.Hour),
		})
	}))
	t.Cleanup(service.Close)
	return service.URL
}
