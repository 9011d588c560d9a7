package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// askHost asks for a URL under another host's name, as after DNS rebinding.
func askHost(t *testing.T, method, url, host string) response {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{res.StatusCode, res.Header, body}
}

// The admin listener answers for addresses, localhost and --admin-host, and its health
// check through nginx for whatever host the pictures have.
func TestAdminHost(t *testing.T) {
	cache := t.TempDir()
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", cache, "--accel", "/cache/", "--admin-host", "Thumbery", "--admin-host", "img-admin.example.com")
	for host, own := range map[string]bool{
		"localhost": true, "127.0.0.1:8081": true, "thumbery:8081": true, "img-admin.example.com": true,
		"evil.example": false, "img.example.com:80": false,
	} {
		for _, route := range [][2]string{{"GET", "/healthz"}, {"GET", "/metrics"}, {"PATCH", "/switches"}, {"GET", "/debug/pprof/threadcreate"}} {
			if r := askHost(t, route[0], s.admin+route[1], host); (r.status == http.StatusOK) != own || !own && r.status != http.StatusMisdirectedRequest {
				t.Errorf("%s %s for %s: %d %s", route[0], route[1], host, r.status, r.body)
			}
		}
	}
	for name, front := range map[string]string{"nginx.conf": front(t, s, cache, nil), "nginx-cache.conf": caching(t, s, cache)} {
		if r := askHost(t, "GET", front+"/healthz", "img.example.com"); r.status != http.StatusOK || !strings.Contains(string(r.body), "ok") {
			t.Errorf("/healthz through %s: %d %s", name, r.status, r.body)
		}
	}
}
