package proxy

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// askHost sends a request with another Host header, as after DNS rebinding.
func askHost(t *testing.T, method, url, host string) e2e.Response {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	res, err := e2e.Client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return e2e.Response{Status: res.StatusCode, Header: res.Header, Body: body}
}

// The admin listener accepts IP addresses, localhost and the names of --admin-host; its
// health check through nginx accepts all.
func TestAdminHost(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", cache, "--accel", "/cache/", "--admin-host", "Thumbery", "--admin-host", "img-admin.example.com")
	for host, own := range map[string]bool{
		"localhost": true, "127.0.0.1:8081": true, "thumbery:8081": true, "img-admin.example.com": true,
		"evil.example": false, "img.example.com:80": false,
	} {
		for _, route := range [][2]string{{"GET", "/healthz"}, {"GET", "/metrics"}, {"PATCH", "/switches"}, {"GET", "/debug/pprof/threadcreate"}} {
			if r := askHost(t, route[0], s.Admin+route[1], host); (r.Status == http.StatusOK) != own || !own && r.Status != http.StatusMisdirectedRequest {
				t.Errorf("%s %s for %s: %d %s", route[0], route[1], host, r.Status, r.Body)
			}
		}
	}
	for name, front := range map[string]string{"nginx.conf": e2e.Nginx(t, s, cache, nil), "nginx-cache.conf": e2e.CachingNginx(t, s, cache)} {
		if r := askHost(t, "GET", front+"/healthz", "img.example.com"); r.Status != http.StatusOK || !strings.Contains(string(r.Body), "ok") {
			t.Errorf("/healthz through %s: %d %s", name, r.Status, r.Body)
		}
	}
}
