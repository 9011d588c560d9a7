package admin

import (
	"bytes"
	"context"
	"iter"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/thumbery/thumbery/api/ui"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/variant"
)

// newFullAdmin has all routes. changed counts what requests have changed.
func newFullAdmin(t *testing.T, configure ...func(*Config)) (o *testAdmin, changed *int) {
	t.Helper()
	changed = new(int)
	change := func(variant.Key) error { *changed++; return nil }
	c := Config{
		Hosts: []string{"thumbery", "img-admin.example.com"},
		Stock: func() any { return "stock" },
		Forget: func(key variant.Key) (pipeline.Forgotten, error) {
			return pipeline.Forgotten{}, change(key)
		},
		Switches: []Switch{{
			Name: "hot", Get: func() bool { return false }, Set: func(bool) { *changed++ },
		}},
		Hook: &Hook{
			Secret: "s", Keys: func(_, object string) []variant.Key { return []variant.Key{variant.Key(object)} },
			Created: change, Removed: change, Observe: func(string) {},
		},
		Priming: &Priming{Run: (&fakePrimer{}).run, Rules: variant.Rules{Presets: variant.Presets{}}},
		Page: ui.New(ui.Config{
			Picture: http.NotFoundHandler(), CanChange: true, Writes: func(variant.Format) bool { return true },
			List: func(context.Context, string) iter.Seq2[variant.Key, error] {
				return func(func(variant.Key, error) bool) {}
			},
		}),
	}
	for _, f := range configure {
		f(&c)
	}
	return newTestAdmin(c), changed
}

// adminRoutes returns all methods and routes, with a path for each.
func adminRoutes(t *testing.T, o *testAdmin) (routes [][2]string) {
	t.Helper()
	paths := strings.NewReplacer("/cache/*", "/cache/a.jpg", "/debug/pprof/*", "/debug/pprof/threadcreate", "/ui/picture/*", "/ui/picture/60x/a.jpg", "/ui/*", "/ui/app.js")
	err := chi.Walk(o.Handler.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if route != "/debug/pprof/profile" && route != "/debug/pprof/trace" { // which run for seconds
			routes = append(routes, [2]string{method, paths.Replace(route)})
		}
		return nil
	})
	if err != nil || len(routes) < 16 {
		t.Fatal(routes, err)
	}
	return routes
}

// adminBodies are bodies that change something, by their routes.
var adminBodies = map[string]string{
	"/switches": `{"hot":true}`, "/prime": `{"keys":["a.jpg"],"ops":["60x"]}`,
	"/hooks/s3": `{"Records":[{"eventName":"s3:ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"a.jpg"}}}]}`,
}

func (o *testAdmin) requestAs(host, method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(adminBodies[path]))
	r.Host = host
	r.Header.Set("Authorization", "Bearer s")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	o.ServeHTTP(w, r)
	return w
}

// Other host names are refused, as by DNS rebinding.
func TestAdminHosts(t *testing.T) {
	t.Parallel()
	o, changed := newFullAdmin(t)
	routes := append(adminRoutes(t, o), [2]string{"GET", "/nowhere"}, [2]string{"BREW", "/cache"}, [2]string{"OPTIONS", "/prime"})
	for host, own := range map[string]bool{
		"localhost": true, "localhost:8081": true, "LOCALHOST.": true, "127.0.0.1": true, "127.0.0.1:8081": true, "10.1.2.3:80": true,
		"[::1]": true, "[::1]:8081": true, "[fe80::1%eth0]:1": true, "thumbery": true, "Thumbery:8081": true, "thumbery.:8081": true, "img-admin.example.com": true,
		"": false, "evil.example": false, "evil.example:8081": false, "localhost.evil.example": false, "127.0.0.1.evil.example": false,
		"127.0.0.1:8081.evil.example": false, "evil.localhost": false, "thumbery.evil.example": false, "example.com": false, "2130706433": false, "[evil.example]": false, "localhost/": false, "localhost@evil.example": false,
	} {
		for _, route := range routes {
			w := o.requestAs(host, route[0], route[1])
			if refused := w.Code == http.StatusMisdirectedRequest; refused == own {
				t.Errorf("%s %s for %q: %d", route[0], route[1], host, w.Code)
			}
			if !own && !strings.Contains(w.Body.String(), "--admin-host") {
				t.Errorf("%s %s for %q: %s", route[0], route[1], host, w.Body)
			}
		}
		if !own && *changed > 0 {
			t.Fatalf("%q changed something", host)
		}
		*changed = 0
	}
	if log := o.log.String(); !strings.Contains(log, `msg="refused a request for another host name" host=`) {
		t.Errorf("the log: %s", log)
	}
}

// Requests without a Host come from no browser.
func TestAdminWithoutBrowser(t *testing.T) {
	t.Parallel()
	o, _ := newFullAdmin(t)
	r := httptest.NewRequest("GET", "/healthz", nil)
	r.Host, r.ProtoMinor = "", 0
	w := httptest.NewRecorder()
	if o.ServeHTTP(w, r); w.Code != 200 {
		t.Errorf("HTTP/1.0: %d", w.Code)
	}
	socket := filepath.Join(t.TempDir(), "admin.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: o, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	client := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", socket)
	}}}
	defer client.CloseIdleConnections()
	res, err := client.Get("http://anything/healthz")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 {
		t.Errorf("over a Unix socket: %d", res.StatusCode)
	}
}

// The page of another site can change nothing, neither by a script nor by a link.
func TestAdminCrossSite(t *testing.T) {
	t.Parallel()
	o, changed := newFullAdmin(t)
	for _, route := range adminRoutes(t, o) {
		method, path := route[0], route[1]
		safe := method == "GET" || method == "HEAD" || method == "OPTIONS"
		for _, headers := range [][]string{
			{"Sec-Fetch-Site", "cross-site"},
			{"Sec-Fetch-Site", "same-site"},
			{"Origin", "https://evil.example"},
			{"Origin", "null"},
			{"Origin", "http://localhost:9999"},
		} {
			w := o.requestAs("localhost:8081", method, path, headers...)
			works := strings.HasPrefix(path, "/ui/api/") || strings.HasPrefix(path, "/ui/picture/")
			if refused := w.Code == http.StatusForbidden; refused != (works || !safe) || *changed > 0 {
				t.Errorf("%s %s with %v: %d, %d changes", method, path, headers, w.Code, *changed)
			}
		}
		if !safe {
			continue
		}
		for _, override := range []string{"DELETE", "PATCH", "POST"} {
			o.requestAs("localhost", method, path+"?_method="+override, "X-HTTP-Method-Override", override, "X-Method-Override", override)
		}
		if *changed > 0 {
			t.Errorf("%s %s changes something", method, path)
		}
	}
	for _, headers := range [][]string{nil, {"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "none"}, {"Origin", "http://localhost:8081"}} {
		*changed = 0
		for _, route := range [][2]string{{"DELETE", "/cache/a.jpg"}, {"PATCH", "/switches"}, {"POST", "/hooks/s3"}} {
			o.requestAs("localhost:8081", route[0], route[1], headers...)
		}
		if *changed != 3 {
			t.Errorf("with %v %d of 3 changes", headers, *changed)
		}
	}
}

func TestProfilesAreBounded(t *testing.T) {
	t.Parallel()
	o, _ := newFullAdmin(t)
	for _, path := range []string{"/debug/pprof/cmdline", "/debug/pprof/%63mdline", "/debug/pprof//cmdline", "/debug/pprof/./cmdline"} {
		if w := o.requestAs("localhost", "GET", path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	for _, name := range []string{"profile", "trace", "heap", "%70rofile", "goroutine"} {
		for _, seconds := range []string{"61", "%2B61", "60.5", "1e3", "inf", "nan", "99999999999999999999", "1e999", "61&seconds=1"} {
			if w := o.requestAs("localhost", "GET", "/debug/pprof/"+name+"?seconds="+seconds); w.Code != http.StatusBadRequest {
				t.Errorf("%s for %s seconds: %d", name, seconds, w.Code)
			}
		}
		if w := o.requestAs("localhost", "POST", "/debug/pprof/"+name); w.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %d", name, w.Code)
		}
	}
	for path, status := range map[string]int{"": 200, "heap": 200, "goroutine?debug=2": 200, "heap?seconds=x": 400, "symbol?0x1": 200, "none": 404} {
		if w := o.requestAs("localhost", "GET", "/debug/pprof/"+path); w.Code != status {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := o.requestAs("localhost", "POST", "/debug/pprof/symbol"); w.Code != 200 {
		t.Errorf("POST symbol: %d", w.Code)
	}
}

// A form in the body cannot make a profile longer than the query says.
func TestProfilesTakeNoForm(t *testing.T) {
	t.Parallel()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := form.WriteField("seconds", "3600"); err != nil {
		t.Fatal(err)
	}
	form.Close()
	r := httptest.NewRequest("GET", "/debug/pprof/trace?seconds=5", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	profile(func(_ http.ResponseWriter, r *http.Request) {
		if got := r.Form["seconds"]; len(got) != 1 || got[0] != "5" || r.FormValue("seconds") != "5" {
			t.Errorf("%q seconds", got)
		}
	})(httptest.NewRecorder(), r)
}
