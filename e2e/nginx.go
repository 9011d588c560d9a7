package e2e

import (
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/nginx"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// Nginx starts a real nginx with deploy/nginx.conf in front of s and returns its URL. It
// changes only what the file says must be changed, and what edit changes, if that is not
// nil.
func Nginx(t *testing.T, s *Server, cache string, edit func(string) string) string {
	t.Helper()
	log := &Log{}
	n, err := nginx.Start(nginx.Config{
		File: "../../deploy/nginx.conf", Cache: cache, Edit: edit, Log: log,
		Public: strings.TrimPrefix(s.URL, "http://"), Admin: strings.TrimPrefix(s.Admin, "http://"),
	})
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("nginx:\n%s", log)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return "http://" + n.Address
}

// CachingNginx starts a real nginx with deploy/nginx-cache.conf in front of s and returns
// its URL.
func CachingNginx(t *testing.T, s *Server, dir string) string {
	t.Helper()
	kept := t.TempDir()
	log := &Log{}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("nginx:\n%s", log)
		}
	})
	n, err := nginx.Start(nginx.Config{
		File: "../../deploy/nginx-cache.conf", Cache: dir, Log: log,
		Public: strings.TrimPrefix(s.URL, "http://"), Admin: strings.TrimPrefix(s.Admin, "http://"),
		Edit: func(conf string) string { return strings.Replace(conf, "/var/cache/nginx/thumbery", kept, 1) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return "http://" + n.Address
}

// FreeAddress is an unused port of the loopback interface.
func FreeAddress(t *testing.T) string {
	t.Helper()
	return pinned.MustFreeAddress(t)
}
