package frontcache

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sources"
	"github.com/thumbery/thumbery/internal/testkit/varnish"
)

// origin answers /VARIANT/N with a text about N, and the tag of N.
type origin struct {
	*httptest.Server
	version, requests atomic.Int64
}

func newOrigin(t *testing.T, tags []string) *origin {
	o := &origin{}
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(filepath.Base(r.URL.Path))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		o.requests.Add(1)
		w.Header().Set("xkey", tags[n])
		w.Header().Set("Surrogate-Control", "max-age=3600")
		fmt.Fprintf(w, "version %d", o.version.Load())
	}))
	t.Cleanup(o.Close)
	return o
}

// startVarnish starts deploy/varnish.vcl with one of the files of deploy/purge, and
// returns its URL.
func startVarnish(t *testing.T, kind string, backend *httptest.Server) string {
	t.Helper()
	if varnish.Program() == "" {
		t.Skip("there is no varnishd; install it with: apt-get install varnish varnish-modules")
	}
	modules, _ := filepath.Glob("/usr/lib/*/varnish/vmods/libvmod_xkey.so")
	if kind == "xkey" && len(modules) == 0 {
		t.Skip("Varnish has no module xkey; install it with: apt-get install varnish-modules")
	}
	sources.Open(t, "../../deploy")
	host, port, _ := strings.Cut(strings.TrimPrefix(backend.URL, "http://"), ":")
	purging, err := filepath.Abs("../../deploy/purge/varnish-" + kind + ".vcl")
	if err != nil {
		t.Fatal(err)
	}
	return "http://" + varnish.Start(t, varnish.Config{File: "../../deploy/varnish.vcl", Edit: func(text string) string {
		return strings.NewReplacer(
			`"127.0.0.1"`, strconv.Quote(host), `"8080"`, strconv.Quote(port), "vcl 4.1;", fmt.Sprintf("vcl 4.1;\ninclude %q;", purging),
		).Replace(text)
	}}).Address
}

func get(t *testing.T, method, url, tags string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("xkey", tags)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// Of some hundred pictures in Varnish those are fetched again whose tag was purged, in all
// variants, and no others.
func TestVarnish(t *testing.T) {
	t.Parallel()
	const pictures = 250
	for _, kind := range []string{"xkey", "ban"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			_, tags := exampleKeys(pictures)
			o := newOrigin(t, tags)
			address := startVarnish(t, kind, o.Server)
			var all List
			err := all.UnmarshalText([]byte(address))
			if err != nil {
				t.Fatal(err)
			}
			s := &seen{}
			c, err := New(all[0], config(t, s))
			if err != nil {
				t.Fatal(err)
			}
			want := func(version func(n int) int) {
				t.Helper()
				for n := range pictures {
					for _, variant := range []string{"a", "b"} {
						resp, body := get(t, http.MethodGet, fmt.Sprintf("%s/%s/%d", address, variant, n), "")
						if text := fmt.Sprint("version ", version(n)); body != text {
							t.Fatalf("%s/%d: %q, want %q", variant, n, body, text)
						}
						if resp.Header.Get("xkey") != "" {
							t.Errorf("the client gets %s", resp.Header.Get("xkey"))
						}
					}
				}
			}
			want(func(int) int { return 0 })
			o.version.Store(1)
			want(func(int) int { return 0 })
			purge := append([]string{strings.Repeat("0", 32)}, tags[:3]...)
			if err := c.purge(t.Context(), purge); err != nil {
				t.Fatal(err)
			}
			want(func(n int) int {
				if n < 3 {
					return 1
				}
				return 0
			})
			if got := o.requests.Load(); got != 2*pictures+2*3 {
				t.Errorf("the origin was asked %d times", got)
			}
			o.version.Store(2)
			if err := c.purge(t.Context(), tags); err != nil { // in three requests
				t.Fatal(err)
			}
			want(func(int) int { return 2 })
			if len(s.results) != 4 || strings.Contains(fmt.Sprint(s.results), string(Refused)) {
				t.Errorf("the answers were %q", s.results)
			}
			for header, status := range map[string]int{"": 400, "x": 400, ".*": 400, tags[0] + "|" + tags[1]: 400, tags[0]: 200} {
				if resp, body := get(t, "PURGE", address+"/a/1", header); resp.StatusCode != status {
					t.Errorf("%q: %s %s", header, resp.Status, body)
				}
			}
			wantForbidden(t, address, tags[0])
		})
	}
}

// wantForbidden purges from an address that is not in the ACL: "localhost" is 127.0.0.1.
func wantForbidden(t *testing.T, address, tag string) {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	client := http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}
	r, err := http.NewRequest("PURGE", address+"/a/1", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("xkey", tag)
	resp, err := client.Do(r)
	if err != nil {
		t.Logf("this system has no 127.0.0.2: %v", err)
		return
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("somebody else may purge: %s", resp.Status)
	}
}
