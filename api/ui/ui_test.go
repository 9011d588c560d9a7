package ui

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/thumbery/thumbery/cache/eviction"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// listing is a Lister of keys, and then of an error.
func listing(err error, keys ...variant.Key) Lister {
	return func(_ context.Context, prefix string) iter.Seq2[variant.Key, error] {
		return func(yield func(variant.Key, error) bool) {
			for _, key := range keys {
				if strings.HasPrefix(string(key), prefix) && !yield(key, nil) {
					return
				}
			}
			if err != nil {
				yield("", err)
			}
		}
	}
}

// newPage is the page as the admin listener mounts it. The handler of pictures answers with
// the path that it gets.
func newPage(t *testing.T, configure ...func(*Config)) http.Handler {
	t.Helper()
	pictures := chi.NewRouter()
	pictures.Get("/*", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) })
	c := Config{
		Picture: pictures, Rules: variant.Rules{Presets: variant.Presets{}}, Writes: func(f variant.Format) bool { return f != variant.JXL },
		List: listing(nil), Version: "v1",
	}
	for _, f := range configure {
		f(&c)
	}
	r := chi.NewRouter()
	r.Mount("/ui", New(c))
	return r
}

func signed(c *Config) {
	c.Keys = &variant.Keyring{}
	if err := c.Keys.Add("k1:a-secret-of-the-tests"); err != nil {
		panic(err)
	}
}

func signs(c *Config) { signed(c); c.CanSign = true }

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func decode[T any](t *testing.T, w *httptest.ResponseRecorder) (v T) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%d %q: %v", w.Code, w.Body, err)
	}
	return v
}

// Whatever is asked for, nothing inline runs, and no other site can frame the answer. What
// the server says is kept by nobody.
func TestHeaders(t *testing.T) {
	t.Parallel()
	h := newPage(t)
	for _, path := range []string{"", "/", "/app.js", "/nothing", "/api/about", "/api/url?path=x", "/api/nothing", "/api/keys", "/picture/60x/a.jpg"} {
		w := get(h, "/ui"+path)
		for name, want := range map[string]string{
			"Content-Security-Policy": contentPolicy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if got := w.Header().Get("Cache-Control"); strings.HasPrefix(path, "/api/") && got != "no-store" {
			t.Errorf("%s: Cache-Control is %q", path, got)
		}
	}
	if strings.Contains(contentPolicy, "unsafe") || !strings.HasPrefix(contentPolicy, "default-src 'none';") {
		t.Error(contentPolicy)
	}
}

func TestAbout(t *testing.T) {
	t.Parallel()
	presets := func(c *Config) {
		if err := c.Presets.Add("thumb=60x,f_auto"); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name      string
		configure []func(*Config)
		want      about
	}{
		{"plain", nil, about{First: "640x420,f_auto"}},
		{"signed", []func(*Config){signed}, about{Signed: true, First: "640x420,f_auto"}},
		{"signs", []func(*Config){signs}, about{Signed: true, CanSign: true, First: "640x420,f_auto"}},
		{"nothing to sign with", []func(*Config){func(c *Config) { c.CanSign = true }}, about{First: "640x420,f_auto"}},
		{"sizes", []func(*Config){func(c *Config) { c.Limits.Sizes = []int{100, 600, 1200} }}, about{First: "600x,f_auto", Limits: limits{Sizes: []int{100, 600, 1200}}}},
		{"presets", []func(*Config){presets, func(c *Config) { c.Limits.PresetsOnly = true }}, about{First: "thumb", Presets: map[string]string{"thumb": "60x,f_auto"}, Limits: limits{PresetsOnly: true}}},
		{"nothing but information", []func(*Config){func(c *Config) { c.Limits.PresetsOnly = true }}, about{First: "info", Limits: limits{PresetsOnly: true}}},
	} {
		got := decode[about](t, get(newPage(t, tt.configure...), "/ui/api/about"))
		if len(got.Options) != len(variant.Options()) || !reflect.DeepEqual(got.Writes, []string{"jpeg", "png", "webp", "avif", "gif"}) {
			t.Errorf("%s: %d options, it writes %q", tt.name, len(got.Options), got.Writes)
		}
		if limited := len(tt.want.Limits.Sizes) > 0 || tt.want.Limits.PresetsOnly; limited != (len(got.Examples) < len(examples)) || len(got.Examples) == 0 {
			t.Errorf("%s: examples %v", tt.name, got.Examples)
		}
		tt.want.Examples = got.Examples
		tt.want.Version, tt.want.Options, tt.want.Writes, tt.want.Watermarks, tt.want.Limits.MaxSide = "v1", got.Options, got.Writes, []string{}, variant.MaxSide
		if tt.want.Limits.Sizes == nil {
			tt.want.Limits.Sizes = []int{}
		}
		if tt.want.Presets == nil {
			tt.want.Presets = map[string]string{}
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

// What the page writes from the values of a form is what it was read from.
func TestURL(t *testing.T) {
	t.Parallel()
	presets := func(c *Config) {
		if err := c.Presets.Add("thumb=60x40,f_auto"); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		path   string
		want   answer
		values string // as name=value
	}{
		{"h_200,w_300/a.jpg", answer{Path: "/300x200/a.jpg", Key: "a.jpg", Ops: "300x200"}, "h=200 w=300"},
		{"/x200,trim,gray/a.jpg", answer{Path: "/x200,trim_10,gray/a.jpg", Key: "a.jpg", Ops: "x200,trim_10,gray"}, "gray= h=200 trim=10 w="},
		{"crop_1_2_30p_4,fp_0.1_0.2/ä b/50%.jpg", answer{Path: "/crop_1_2_30p_4/%C3%A4%20b/50%25.jpg", Key: "ä b/50%.jpg", Ops: "crop_1_2_30p_4"}, "crop=1_2_30p_4"},
		{"thumb,f_jpeg,w_9/a.jpg", answer{Path: "/thumb,9x,f_jpeg/a.jpg", Key: "a.jpg", Ops: "thumb,9x,f_jpeg", Preset: "thumb"}, "f=jpeg h= w=9"},
		{"info,dl_a.json/a.jpg", answer{Path: "/info,dl_a.json/a.jpg", Key: "a.jpg", Ops: "info,dl_a.json"}, "dl=a.json info="},
		{"dpr_1/<script>?#'\".jpg", answer{Path: "/dpr_1/%3Cscript%3E%3F%23%27%22.jpg", Key: `<script>?#'".jpg`, Ops: "dpr_1"}, "dpr=1"},
	} {
		w := get(newPage(t, presets), "/ui/api/url?path="+url.QueryEscape(tt.path))
		got := decode[answer](t, w)
		var values []string
		for name, value := range got.Values {
			values = append(values, name+"="+value)
		}
		slices.Sort(values)
		if strings.Join(values, " ") != tt.values || len(got.Explain) == 0 {
			t.Errorf("%s: %q, %q", tt.path, values, got.Explain)
		}
		tt.want.Signed, tt.want.Values, tt.want.Explain = tt.want.Path, got.Values, got.Explain
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v", tt.path, got)
		}
	}
}

// Only a page that may sign signs, and then only what the public listener would serve.
func TestURLSigns(t *testing.T) {
	t.Parallel()
	path := "/ui/api/url?path=300x200/a.jpg"
	if got := decode[answer](t, get(newPage(t, signed), path)).Signed; got != "" {
		t.Errorf("signed without a permission: %s", got)
	}
	got := decode[answer](t, get(newPage(t, signs), path)).Signed
	p, err := variant.ParsePath(got)
	if err != nil {
		t.Fatalf("%q: %v", got, err)
	}
	c := Config{}
	signed(&c)
	ops, _ := variant.Presets{}.Parse(p.Ops)
	if _, err := c.Keys.Verify(p, ops, variant.Limits{}, time.Now()); err != nil || p.Key != "a.jpg" {
		t.Errorf("%q: %v", got, err)
	}
	limited := newPage(t, signs, func(c *Config) { c.Limits.Sizes = []int{100} })
	if w := get(limited, path); decode[answer](t, w).Problem.Status != http.StatusForbidden || strings.Contains(w.Body.String(), "s.k1") {
		t.Errorf("of a size that is not served: %d %s", w.Code, w.Body)
	}
}

func TestURLProblems(t *testing.T) {
	t.Parallel()
	h := newPage(t, func(c *Config) { c.Limits.Sizes = []int{100} })
	for _, tt := range []struct {
		path   string
		status int
		want   problem
	}{
		{"100x,blurr_3,gray/a.jpg", 400, problem{Kind: "bad-options", Option: "blurr_3", Corrected: "100x,blur_3,gray"}},
		{"100x,f_jpg/a.jpg", 400, problem{Kind: "bad-options", Option: "f_jpg", Corrected: "100x,f_jpeg"}},
		{"/a.jpg", 400, problem{Kind: "bad-key"}},
		{"", 400, problem{Kind: "bad-key"}},
		{"100x/../a.jpg", 400, problem{Kind: "bad-key"}},
		{"100x/" + strings.Repeat("a", variant.MaxKeyBytes+1), 400, problem{Kind: "bad-key"}},
		{strings.Repeat("a", 10_000), 400, problem{Kind: "bad-key"}},
		{"200x/a.jpg", 403, problem{Kind: "forbidden"}},
		{"s.k1.xx/100x,blurr_3/a.jpg", 400, problem{Kind: "bad-options", Option: "blurr_3", Corrected: "100x,blur_3"}},
	} {
		w := get(h, "/ui/api/url?path="+url.QueryEscape(tt.path))
		got := decode[answer](t, w)
		if got.Problem == nil || got.Problem.Error == "" || w.Code != 200 || got.Signed != "" {
			t.Errorf("%.50s: %d %+v", tt.path, w.Code, got)
			continue
		}
		tt.want.Status, tt.want.Error = tt.status, got.Problem.Error
		if *got.Problem != tt.want {
			t.Errorf("%.50s: %+v", tt.path, got.Problem)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	many := make([]variant.Key, maxNames+1)
	for i := range many {
		many[i] = variant.Key("m/" + string(rune('一'+i)))
	}
	endless := func(ctx context.Context, prefix string) iter.Seq2[variant.Key, error] {
		return func(yield func(variant.Key, error) bool) {
			for yield("d/a.jpg", nil) {
			}
		}
	}
	keys := listing(nil, "b.jpg", "a/1.jpg", "a/2.jpg", "a/x/3.jpg", "c.jpg")
	down := storage.Unavailable(t.Context(), "s3://secret", errors.New("down"))
	for _, tt := range []struct {
		name, prefix, after string
		list                Lister
		want                level
	}{
		{"the first level", "", "", keys, level{Names: []string{"a/", "b.jpg", "c.jpg"}}},
		{"another", "a/", "", keys, level{Names: []string{"a/1.jpg", "a/2.jpg", "a/x/"}}},
		{"a part of a name", "a/x", "", keys, level{Names: []string{"a/x/"}}},
		{"further", "", "a/", keys, level{Names: []string{"b.jpg", "c.jpg"}}},
		{"nothing", "nothing/", "", keys, level{Names: []string{}}},
		{"too many", "m/", "", listing(nil, many...), level{Names: texts(many[:maxNames]), More: true}},
		{"the rest", "m/", string(many[maxNames-1]), listing(nil, many...), level{Names: texts(many[maxNames:])}},
		{"endless", "", "", endless, level{Names: []string{"d/"}, Partial: true}},
		{"broken off", "", "", listing(down, "a.jpg"), level{Names: []string{"a.jpg"}, Partial: true}},
		{"too slow", "", "", listing(context.DeadlineExceeded), level{Names: []string{}, Partial: true}},
	} {
		h := newPage(t, func(c *Config) { c.List = tt.list })
		w := get(h, "/ui/api/keys?prefix="+url.QueryEscape(tt.prefix)+"&after="+url.QueryEscape(tt.after))
		if got := decode[level](t, w); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %d %+v", tt.name, w.Code, got)
		}
	}
	w := get(newPage(t, func(c *Config) { c.List = listing(down) }), "/ui/api/keys")
	if w.Code != 503 || !strings.Contains(w.Body.String(), "cannot be listed") || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("an origin that is down: %d %s", w.Code, w.Body)
	}
	if w := get(newPage(t), "/ui/api/keys?prefix="+strings.Repeat("a", variant.MaxKeyBytes+1)); w.Code != 400 {
		t.Errorf("a long prefix: %d", w.Code)
	}
}

func texts(keys []variant.Key) (all []string) {
	for _, key := range keys {
		all = append(all, string(key))
	}
	return all
}

// A picture is that of the public listener, whose path it gets.
func TestPicture(t *testing.T) {
	t.Parallel()
	h := newPage(t)
	for path, want := range map[string]string{
		"60x/a.jpg": "/60x/a.jpg", "s.k1.x/60x/a%2Fb/ui/picture/c.jpg": "/s.k1.x/60x/a/b/ui/picture/c.jpg", "": "/",
	} {
		if w := get(h, "/ui/picture/"+path); w.Code != 200 || w.Body.String() != want {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/ui/picture/60x/a.jpg", nil)); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}

// The report is asked for as the listener's own is.
func TestExplain(t *testing.T) {
	t.Parallel()
	h := newPage(t, func(c *Config) {
		c.Explain = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.String()) })
	})
	if w := get(h, "/ui/api/explain/60x/a%2Fb.jpg?make=1"); w.Body.String() != "/60x/a%2Fb.jpg?make=1" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := get(newPage(t), "/ui/api/explain/60x/a.jpg"); w.Code != 404 {
		t.Errorf("without: %d", w.Code)
	}
}

func TestSnippets(t *testing.T) {
	t.Parallel()
	const path = "/ui/api/snippets?path=300x200,f_auto/a.jpg&base="
	all := func(base string, configure ...func(*Config)) string {
		w := get(newPage(t, configure...), path+url.QueryEscape(base))
		if w.Code != 200 {
			t.Errorf("%s: %d %s", base, w.Code, w.Body)
		}
		return w.Body.String()
	}
	limited := func(c *Config) { c.Limits.Signed = true }
	const base = "https://img.example.com/pictures"
	if plain := all(base); !strings.Contains(plain, base+"/300x200,f_auto/a.jpg") || !strings.Contains(plain, "avif") {
		t.Error(plain)
	}
	if html := all("", signs, limited); !strings.Contains(html, "/s.k1.") || strings.Contains(html, "a-secret") {
		t.Error(html)
	}
	if html := all("", signed, limited); strings.Contains(html, "/s.k1.") || strings.Contains(html, "srcset") {
		t.Errorf("signed without a permission: %s", html)
	}
	for _, base := range []string{"img.example.com", "javascript:alert(1)", "https://", "https://a b", `https://a"b`, "https://a/<b>", "https://u:p@a", "https://a?b", "https://a#b", "//a", "ftp://a", "https://" + strings.Repeat("a", maxBase)} {
		if w := get(newPage(t), path+url.QueryEscape(base)); w.Code != 400 {
			t.Errorf("%s: %d", base, w.Code)
		}
	}
	if w := get(newPage(t), "/ui/api/snippets?path=300x200,blurr_3/a.jpg"); w.Code != 400 || decode[problem](t, w).Corrected != "300x200,blur_3" {
		t.Errorf("bad options: %d %s", w.Code, w.Body)
	}
}

// What the page asks for is there for no page of another site, whose links and scripts could have work done. Its files
// are, as a link to it must work.
func TestCrossSite(t *testing.T) {
	t.Parallel()
	h := newPage(t, func(c *Config) {
		c.Explain = c.Picture
		c.Purging = &Purging{
			Limits: func(url.Values) (eviction.Policy, error) { return eviction.Policy{}, nil },
			DryRun: func(context.Context, eviction.Policy) (any, error) { return "", nil },
		}
	})
	for path, works := range map[string]bool{
		"/": false, "/app.js": false, "/api/about": true, "/api/keys": true, "/api/url?path=x": true, "/api/purge": true,
		"/api/explain/60x/a.jpg": true, "/api/explain/60x/a.jpg?make=1": true, "/picture/60x/a.jpg": true,
	} {
		for site, own := range map[string]bool{"": true, "none": true, "same-origin": true, "same-site": false, "cross-site": false} {
			r := httptest.NewRequest(http.MethodGet, "/ui"+path, nil)
			r.Header.Set("Sec-Fetch-Site", site)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			want := http.StatusOK
			if works && !own {
				want = http.StatusForbidden
			}
			if w.Code != want {
				t.Errorf("%s, %q: %d, want %d", path, site, w.Code, want)
			}
		}
	}
}

// In the demo the bare host leads to the page, and all else is as before. The page is for no other host, as by DNS
// rebinding.
func TestDemo(t *testing.T) {
	t.Parallel()
	public := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "public "+r.URL.Path) })
	h := Demo(public, New(Config{Picture: public, Writes: func(variant.Format) bool { return true }, List: listing(nil)}))
	for path, want := range map[string]string{"/60x/a.jpg": "public /60x/a.jpg", "/uix": "public /uix", "/ui/picture/60x/a.jpg": "public /60x/a.jpg"} {
		if w := get(h, "http://localhost"+path); w.Body.String() != want {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
	for host, status := range map[string]int{"localhost:8080": 200, "127.0.0.1": 200, "[::1]:8080": 200, "evil.example": 421, "localhost.evil.example:8080": 421} {
		for _, path := range []string{"/ui/", "/ui/api/about", "/ui/picture/60x/a.jpg"} {
			if w := get(h, "http://"+host+path); w.Code != status {
				t.Errorf("%s of %s: %d", path, host, w.Code)
			}
		}
		if w := get(h, "http://"+host+"/60x/a.jpg"); w.Code != 200 {
			t.Errorf("a picture of %s: %d", host, w.Code)
		}
	}
	for path, status := range map[string]int{"/": 303, "/ui": 308, "/ui/": 200, "/ui/api/about": 200, "/ui/api/nothing": 404, "/ui/switches": 404} {
		if w := get(h, "http://localhost"+path); w.Code != status {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := get(h, "/"); w.Header().Get("Location") != "/ui/" {
		t.Errorf("/ leads to %q", w.Header().Get("Location"))
	}
}
