package proxy

import (
	"bytes"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/e2e"
	"github.com/thumbery/thumbery/internal/testkit/balancer"
	varnishd "github.com/thumbery/thumbery/internal/testkit/varnish"
	"github.com/thumbery/thumbery/variant"
)

var requestCount = regexp.MustCompile(`(?m)^thumbery_requests_total\{.*status="(\d+)"\} (\d+)$`)

// requests counts the requests that reached the public listener, without those answered
// with 400, with which tests wait for a proxy to start.
func requests(t *testing.T, s *e2e.Server) (n int) {
	t.Helper()
	for _, m := range requestCount.FindAllStringSubmatch(string(e2e.Get(t, s.Admin+"/metrics").Body), -1) {
		if m[1] != "400" {
			n += number(t, m[2])
		}
	}
	return n
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// wantRequests waits until n requests have been counted, which happens after they are
// answered.
func wantRequests(t *testing.T, s *e2e.Server, n int) {
	t.Helper()
	e2e.Eventually(t, "as many requests as expected reach us", func() bool {
		got := requests(t, s)
		if got > n {
			t.Fatalf("%d requests have reached us, and not %d", got, n)
		}
		return got == n
	})
}

// varnish starts a real Varnish with deploy/varnish.vcl in front of s and returns its URL.
func varnish(t *testing.T, s *e2e.Server) string {
	t.Helper()
	e2e.Tool(t, "varnishd", "varnish")
	host, port, _ := strings.Cut(strings.TrimPrefix(s.URL, "http://"), ":")
	toServer := strings.NewReplacer(`"127.0.0.1"`, strconv.Quote(host), `"8080"`, strconv.Quote(port))
	return "http://" + varnishd.Start(t, varnishd.Config{File: "../../deploy/varnish.vcl", Edit: toServer.Replace}).Address
}

// proxies are the caching proxies, and the header that tells each of them how long to
// cache.
var proxies = []struct {
	name, header string
	accel        bool
	start        func(t *testing.T, s *e2e.Server, dir string) string
}{
	{"nginx", "X-Accel-Expires: ", false, e2e.CachingNginx},
	{"nginx with accel", "X-Accel-Expires: ", true, e2e.CachingNginx},
	{"varnish", "Surrogate-Control: Max-Age=", false, func(t *testing.T, s *e2e.Server, _ string) string { return varnish(t, s) }},
	{"nginx of a cluster", "X-Accel-Expires: ", false, ofCluster("nginx")},
	{"varnish of a cluster", "Surrogate-Control: Max-Age=", false, ofCluster("varnish")},
}

// ofCluster starts a balancer in front of one node.
func ofCluster(kind string) func(*testing.T, *e2e.Server, string) string {
	return func(t *testing.T, s *e2e.Server, _ string) string {
		t.Helper()
		node := balancer.Node{Public: strings.TrimPrefix(s.URL, "http://"), Admin: strings.TrimPrefix(s.Admin, "http://")}
		return "http://" + startBalancer(t, kind, nil, node).Address
	}
}

const hotAfter = 4

// serveHot runs a test with each of the proxies, which cache hot pictures for so many
// seconds.
func serveHot(t *testing.T, seconds string, test func(t *testing.T, s *e2e.Server, front string)) {
	for _, p := range proxies {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			args := []string{
				"--source", "/=file:" + e2e.Testdata(t), "--cache", dir, "--cors", "https://example.com",
				"--tag-header", "xkey", "--hot-after", strconv.Itoa(hotAfter), "--hot-window", "1h", "--hot-header", p.header + seconds,
			}
			if p.accel {
				args = append(args, "--accel", "/cache/")
			}
			s := e2e.Serve(t, args...)
			test(t, s, p.start(t, s, dir))
		})
	}
}

// Above the threshold a proxy caches the picture, and its answers are as good as ours. It
// never caches cold ones.
func TestHot(t *testing.T) {
	t.Parallel()
	serveHot(t, "3600", func(t *testing.T, s *e2e.Server, front string) {
		const path = "/300x200,f_auto/photos/cat.jpg"
		var last e2e.Response
		for i := range hotAfter + 1 {
			last = e2e.Get(t, front+path, "Accept", "image/webp")
			e2e.WantPicture(t, last, 300, 200, "webp")
			wantRequests(t, s, i+1)
		}
		for range 100 {
			r := e2e.Get(t, front+path, "Accept", "image/webp")
			if r.Status != 200 || !bytes.Equal(r.Body, last.Body) {
				t.Fatalf("%d, %d bytes", r.Status, len(r.Body))
			}
			for name, want := range map[string]string{
				"Cache-Control": "public, max-age=2592000, immutable", "Vary": "Accept, Save-Data, Origin", "Content-Type": "image/webp",
				"Access-Control-Allow-Origin": "https://example.com", "ETag": last.Header.Get("ETag"), "X-Content-Type-Options": "nosniff",
				"X-Accel-Expires": "", "Surrogate-Control": "", "X-Accel-Redirect": "",
			} {
				if got := strings.Join(r.Header.Values(name), " + "); got != want {
					t.Fatalf("%s: %q, want %q", name, got, want)
				}
			}
			if status := strings.Join(r.Header.Values("Cache-Status"), ", "); !strings.HasPrefix(status, "thumbery;") || !strings.HasSuffix(status, ";hit") {
				t.Fatalf("Cache-Status: %q", status)
			}
		}
		if tag := strings.Join(last.Header.Values("xkey"), " + "); (tag == "") != strings.HasSuffix(t.Name(), "varnish") || tag != "" && tag != string(variant.Key("photos/cat.jpg").Name()) {
			t.Errorf("the tag is %q", tag)
		}
		wantConditions(t, front+path, last)
		for _, query := range []string{"?", "?a=1", "?a=2&b", "?" + path} {
			if r := e2e.Get(t, front+path+query, "Accept", "image/webp"); r.Status != 200 || !bytes.Equal(r.Body, last.Body) {
				t.Errorf("with the query %s: %d, %d bytes", query, r.Status, len(r.Body))
			}
		}
		wantRequests(t, s, hotAfter+1)
		wantOneName(t, s, front)
		wantCold(t, s, front)
	})
}

// wantOneName requests a hot picture by other spellings of its URL, which the proxy must
// not cache, and by one that is not its URL.
func wantOneName(t *testing.T, s *e2e.Server, front string) {
	t.Helper()
	reached := requests(t, s)
	for _, path := range []string{"/300x200,f_auto/photos/c%61t.jpg", "/300x200,f_auto/photos%2Fcat.jpg"} {
		for range 2 {
			e2e.WantPicture(t, e2e.Get(t, front+path, "Accept", "image/webp"), 300, 200, "webp")
		}
	}
	wantRequests(t, s, reached+4)
	if r := e2e.Get(t, front+"/300x200,f_auto/x/%2E%2E/photos/cat.jpg", "Accept", "image/webp"); r.Status != http.StatusBadRequest {
		t.Errorf("what nginx would take for it: %d", r.Status)
	}
}

// wantConditions requests what a proxy has cached with conditions, ranges and HEAD.
func wantConditions(t *testing.T, url string, whole e2e.Response) {
	t.Helper()
	tag := whole.Header.Get("ETag")
	if r := e2e.Get(t, url, "Accept", "image/webp", "If-None-Match", tag); tag == "" || r.Status != http.StatusNotModified {
		t.Errorf("with the tag %q: %d", tag, r.Status)
	}
	part := e2e.Get(t, url, "Accept", "image/webp", "Range", "bytes=10-19")
	if part.Status != http.StatusPartialContent || !bytes.Equal(part.Body, whole.Body[10:20]) {
		t.Errorf("range: %d, %d bytes", part.Status, len(part.Body))
	}
	head := e2e.Ask(t, http.MethodHead, url, "Accept", "image/webp")
	if head.Status != 200 || head.Header.Get("Content-Length") != strconv.Itoa(len(whole.Body)) {
		t.Errorf("HEAD: %d %v", head.Status, head.Header)
	}
}

// wantCold requests what never becomes hot, more often than the threshold.
func wantCold(t *testing.T, s *e2e.Server, front string) {
	t.Helper()
	reached := requests(t, s)
	for _, c := range []struct {
		name, path, accept string
		times, status      int
	}{
		{"the same for other clients", "/300x200,f_auto/photos/cat.jpg", "image/jpeg", hotAfter, 200},
		{"another size", "/301x200,f_auto/photos/cat.jpg", "image/webp", hotAfter, 200},
		{"an original", "/raw/photos/cat.jpg", "", hotAfter + 3, 200},
		{"what is missing", "/300x200/photos/none.jpg", "", hotAfter + 3, 404},
	} {
		for range c.times {
			if r := e2e.Get(t, front+c.path, "Accept", c.accept); r.Status != c.status {
				t.Errorf("%s: %d", c.name, r.Status)
			}
		}
		reached += c.times
		wantRequests(t, s, reached)
	}
}

// A proxy requests a hot picture again when its time is over, and not before.
func TestHotExpires(t *testing.T) {
	t.Parallel()
	serveHot(t, "1", func(t *testing.T, s *e2e.Server, front string) {
		const path = "/300x200/photos/cat.jpg"
		for i := range hotAfter + 1 {
			e2e.WantPicture(t, e2e.Get(t, front+path), 300, 200, "jpeg")
			wantRequests(t, s, i+1)
		}
		reached, expired, kept := hotAfter+1, 0, false
		e2e.Eventually(t, "what was kept expires, twice", func() bool {
			r := e2e.Get(t, front+path)
			e2e.WantPicture(t, r, 300, 200, "jpeg")
			status := r.Header.Values("Cache-Status")
			wasKept := kept
			kept = len(status) > 0 && strings.HasSuffix(status[len(status)-1], ";hit")
			if !kept {
				reached++
			}
			if wasKept && !kept {
				expired++
			}
			return expired == 2
		})
		wantRequests(t, s, reached)
	})
}

// When the second of a hot picture is over, the balancers of a cluster ask whether it has
// changed, and the node answers 304.
func TestHotIsRevalidated(t *testing.T) {
	t.Parallel()
	for kind, header := range map[string]string{"nginx": "X-Accel-Expires: 1", "varnish": "Surrogate-Control: max-age=1"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir(), "--hot-after", "2", "--hot-window", "1h", "--hot-header", header)
			front := ofCluster(kind)(t, s, "")
			whole := e2e.Get(t, front+"/300x200/photos/cat.jpg")
			e2e.Eventually(t, "two answers are 304", func() bool {
				if r := e2e.Get(t, front+"/300x200/photos/cat.jpg"); r.Status != http.StatusOK || !bytes.Equal(r.Body, whole.Body) {
					t.Fatalf("%d, %d bytes", r.Status, len(r.Body))
				}
				same := 0
				for _, m := range requestCount.FindAllStringSubmatch(string(e2e.Get(t, s.Admin+"/metrics").Body), -1) {
					if m[1] == "304" {
						same += number(t, m[2])
					}
				}
				return same >= 2
			})
		})
	}
}
