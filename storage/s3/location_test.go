package s3

import (
	"net/url"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		url  string
		want location
		host string // of the endpoint, with its scheme
		name string
	}{
		{"s3://bucket", location{bucket: "bucket"}, "https://s3.amazonaws.com", "s3://bucket (s3.amazonaws.com)"},
		{"s3://bucket/", location{bucket: "bucket"}, "https://s3.amazonaws.com", "s3://bucket (s3.amazonaws.com)"},
		{
			"s3://my.bucket/pre/fix?endpoint=http://127.0.0.1:9000&region=eu-west-1&profile=p",
			location{bucket: "my.bucket", prefix: "pre/fix/", region: "eu-west-1", profile: "p"},
			"http://127.0.0.1:9000", "s3://my.bucket/pre/fix (127.0.0.1:9000)",
		},
		{
			"s3://bucket/a%20b/?endpoint=https://[::1]:9000/&lookup=path&anonymous=true",
			location{bucket: "bucket", prefix: "a b/", lookup: minio.BucketLookupPath, anonymous: true},
			"https://[::1]:9000", "s3://bucket/a%20b ([::1]:9000)",
		},
		{
			"s3://bucket?lookup=dns&anonymous=0&endpoint=http%3A%2F%2Fminio",
			location{bucket: "bucket", lookup: minio.BucketLookupDNS},
			"http://minio", "s3://bucket (minio)",
		},
	}
	for _, tt := range tests {
		got, err := parse(mustParse(t, tt.url))
		if err != nil {
			t.Errorf("%s: %v", tt.url, err)
			continue
		}
		if host := got.endpoint.Scheme + "://" + got.endpoint.Host; host != tt.host || got.name() != tt.name {
			t.Errorf("%s: endpoint %s, name %s; want %s, %s", tt.url, host, got.name(), tt.host, tt.name)
		}
		got.endpoint = nil
		if got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.url, got, tt.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ url, problem string }{
		{"http://bucket", `"http"`},
		{"s3:bucket", "without a bucket"},
		{"s3:///bucket", "without a bucket"},
		{"s3://b", `"b" is not a valid bucket name`},
		{"s3://bucket:80", "is not a valid bucket name"},
		{"s3://bucket/a//b", "empty segment"},
		{"s3://bucket/../b", `".."`},
		{"s3://user:hunter2@bucket", "credentials do not belong"},
		{"s3://bucket?secret=hunter2", "credentials do not belong"},
		{"s3://bucket?access_key=hunter2", "credentials do not belong"},
		{"s3://bucket?X-Amz-Signature=hunter2", "credentials do not belong"},
		{"s3://bucket?session%54oken=hunter2", "credentials do not belong"},
		{"s3://bucket?endpoint=http://me:hunter2@host", "credentials do not belong"},
		{"s3://bucket?endpoint=http://me:hunter2@ho%20st:x", "an endpoint is"},
		{"s3://bucket?endpoint=127.0.0.1:9000", "an endpoint is"},
		{"s3://bucket?endpoint=ftp://host", "an endpoint is"},
		{"s3://bucket?endpoint=http://host/path", "an endpoint is"},
		{"s3://bucket?endpoint=http://", "an endpoint is"},
		{"s3://bucket?public=cdn.example.com", "public: an endpoint is"},
		{"s3://bucket?public=https://me:hunter2@cdn.example.com", "credentials do not belong"},
		{"s3://bucket?regoin=x", `unknown parameter "regoin": a s3: URL takes endpoint, region, profile, anonymous, lookup`},
		{"s3://bucket?region=a&region=b", "2 times"},
		{"s3://bucket?anonymous=maybe", "true or false"},
		{"s3://bucket?anonymous=true&profile=p", "contradict"},
		{"s3://bucket?lookup=magic", "path, dns or auto"},
		{"s3://bucket?a=%zz", "cannot be read"},
	}
	for _, tt := range tests {
		_, err := Open(mustParse(t, tt.url), Options{})
		if err == nil || !strings.Contains(err.Error(), tt.problem) {
			t.Errorf("%s: error is %v, want one with %q", tt.url, err, tt.problem)
		} else if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error tells a secret or has several lines: %v", tt.url, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("s3://bucket/pre/fix?endpoint=http://127.0.0.1:9000&region=eu-west-1&profile=p")
	f.Add("s3://bucket?anonymous=true&lookup=dns")
	f.Add("s3://a:b@bucket?x=%zz")
	f.Fuzz(func(t *testing.T, s string) {
		u, err := url.Parse(s)
		if err != nil {
			return
		}
		p, err := parse(u)
		if err != nil {
			return
		}
		if p.prefix != "" && (!strings.HasSuffix(p.prefix, "/") || strings.HasPrefix(p.prefix, "/") || strings.Contains(p.prefix, "//")) {
			t.Errorf("%q: prefix %q", s, p.prefix)
		}
		if u.User != nil || p.endpoint.User != nil || p.endpoint.Host == "" {
			t.Errorf("%q: endpoint %v", s, p.endpoint)
		}
	})
}

func mustParse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
