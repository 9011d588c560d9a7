package s3

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

var authorization = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=AKID/(\d{8})/us-east-1/cloudfront/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$`)

// The server computes the signature of what arrives as the documentation of Signature
// Version 4 says (https://docs.aws.amazon.com/IAM/latest/UserGuide/
// reference_sigv-create-signed-request.html).
func TestSign(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKID")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_SESSION_TOKEN", "token")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := authorization.FindStringSubmatch(r.Header.Get("Authorization"))
		if got == nil {
			t.Errorf("Authorization: %q", r.Header.Get("Authorization"))
			return
		}
		body, _ := io.ReadAll(r.Body)
		sum := sha256.Sum256(body)
		request := []string{r.Method, r.URL.Path, ""}
		for name := range strings.SplitSeq(got[2], ";") {
			value := r.Header.Get(name)
			if name == "host" {
				value = r.Host
			}
			request = append(request, name+":"+value)
		}
		request = append(request, "", got[2], hex.EncodeToString(sum[:]))
		hashed := sha256.Sum256([]byte(strings.Join(request, "\n")))
		text := strings.Join([]string{"AWS4-HMAC-SHA256", r.Header.Get("X-Amz-Date"), got[1] + "/us-east-1/cloudfront/aws4_request", hex.EncodeToString(hashed[:])}, "\n")
		key := []byte("AWS4secret")
		for _, part := range []string{got[1], "us-east-1", "cloudfront", "aws4_request", text} {
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(part))
			key = mac.Sum(nil)
		}
		if want := hex.EncodeToString(key); got[3] != want {
			t.Errorf("the signature is %s, want %s", got[3], want)
		}
		for _, name := range []string{"content-type", "host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"} {
			if !strings.Contains(";"+got[2]+";", ";"+name+";") {
				t.Errorf("%s is not signed", name)
			}
		}
	}))
	defer server.Close()
	body := `<InvalidationBatch/>`
	r, err := http.NewRequest(http.MethodPost, server.URL+"/2020-05-31/distribution/EDFDVBD6EXAMPLE/invalidation", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/xml")
	if err := NewSigner().Sign(r, []byte(body), "cloudfront", "us-east-1"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

func TestSignWithoutCredentials(t *testing.T) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "MINIO_ROOT_USER", "MINIO_ACCESS_KEY"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
	if err := NewSigner().Sign(r, nil, "cloudfront", "us-east-1"); err == nil {
		t.Error("a request was signed with no credentials")
	}
}
