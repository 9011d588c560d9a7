package api

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

func hotAfter(t testing.TB, n int, header string) func(*Config) {
	t.Helper()
	h, err := parseHotHeader(header)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *Config) { c.Hot = HotHeaders{After: n, Window: time.Minute, Header: h} }
}

// A derivative with more requests than After within the window is hot.
func TestHotHeader(t *testing.T) {
	t.Parallel()
	clock := now
	h := newTestServer(hotAfter(t, 3, "X-Accel-Expires: 3600"), func(c *Config) { c.Now = func() time.Time { return clock } })
	want := func(path, value string, headers ...string) {
		t.Helper()
		wantHeaders(t, h.get(path, headers...), map[string]string{"X-Accel-Expires": value, "Cache-Control": "public, max-age=3600, immutable"})
	}
	for _, value := range []string{"0", "0", "0", "3600", "3600"} {
		want("/40x30/cat.jpg", value)
	}
	want("/x30,w_40/cat.jpg", "3600") // another spelling
	want("/40x31/cat.jpg", "0")
	clock = clock.Add(2 * time.Minute)
	want("/40x30/cat.jpg", "0")
	for range 10 {
		want("/raw/cat.jpg", "0")
	}
	for range 3 {
		want("/info/cat.jpg", "0")
	}
	want("/info/cat.jpg", "3600")
}

// Of the derivatives of one URL, some may be hot.
func TestHotHeaderOfAuto(t *testing.T) {
	t.Parallel()
	h := newTestServer(hotAfter(t, 2, "Surrogate-Control: max-age=60"), func(c *Config) { c.ClientHints = true })
	for _, c := range []struct {
		accept, dpr string
		want        string
	}{
		{"image/webp", "", "max-age=0"},
		{"image/webp", "", "max-age=0"},
		{"image/avif", "", "max-age=0"},
		{"image/webp,*/*;q=0.8", "", "max-age=60"},
		{"image/webp", "2", "max-age=0"},
		{"image/webp", "2", "max-age=0"},
		{"image/webp", "2", "max-age=60"},
		{"image/avif", "", "max-age=0"},
		{"image/avif", "", "max-age=60"},
	} {
		r := h.get("/20x,f_auto/cat.jpg", "Accept", c.accept, "Sec-CH-DPR", c.dpr)
		wantHeaders(t, r, map[string]string{"Surrogate-Control": c.want, "Vary": "Accept, Save-Data, " + clientHints})
	}
}

// Errors and parts are never hot.
func TestNeverHot(t *testing.T) {
	t.Parallel()
	const path = "/40x30/cat.jpg"
	for _, c := range []struct {
		name, method, path string
		headers            []string
		status             int
	}{
		{"missing", "GET", "/40x30/no.jpg", nil, 404},
		{"no picture", "GET", "/40x30/text.jpg", nil, 415},
		{"bad options", "GET", "/40y30/cat.jpg", nil, 400},
		{"no key", "GET", "/", nil, 400},
		{"method", "POST", path, nil, 405},
		{"no such part", "GET", path, []string{"Range", "bytes=9999999-"}, 416},
		{"another version", "GET", path, []string{"If-Match", `"x"`}, 412},
		{"a part", "GET", path, []string{"Range", "bytes=0-9"}, 206},
	} {
		h := newTestServer(hotAfter(t, 1, "X-Accel-Expires: 3600"))
		for range 3 {
			r := h.request(c.method, c.path, c.headers...)
			if r.StatusCode != c.status {
				t.Errorf("%s: %s", c.name, r.Status)
			}
			wantHeaders(t, r, map[string]string{"X-Accel-Expires": "0"})
		}
	}
}

// A result that may soon be replaced is not hot.
func TestNotFinalIsNotHot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		result pipeline.Result
		want   bool
	}{
		{pipeline.Result{}, true},
		{pipeline.Result{Shared: true, Stored: true}, true},
		{pipeline.Result{Stale: true}, false},
		{pipeline.Result{OriginDown: true}, false},
		{pipeline.Result{Broken: true}, false},
		{pipeline.Result{Provisional: true}, false},
	} {
		p, header := newPopularity(&Config{Hot: HotHeaders{After: 1, Header: HotHeader{Name: "X-Hot", Hot: "1"}}, Now: time.Now}), http.Header{}
		p.setHot(header, &c.result)
		if got := header.Get("X-Hot") != ""; got != c.want {
			t.Errorf("%+v: %t", c.result, got)
		}
	}
	down := false
	h := newTestServer(hotAfter(t, 1, "X-Accel-Expires: 3600"), func(c *Config) {
		configure(c, func(p *pipeline.Config) { p.Originals.Down = func(string) bool { return down } })
	})
	for _, step := range []struct {
		down bool
		want string
	}{{false, "0"}, {false, "3600"}, {true, "0"}, {false, "3600"}} {
		down = step.down
		wantHeaders(t, h.get("/40x30/cat.jpg"), map[string]string{"X-Accel-Expires": step.want})
	}
}

// A header that is not known is left out of cold answers.
func TestUnknownHotHeader(t *testing.T) {
	t.Parallel()
	h := newTestServer(hotAfter(t, 1, "X-Hot: yes"))
	for _, want := range []string{"", "yes"} {
		wantHeaders(t, h.get("/40x30/cat.jpg"), map[string]string{"X-Hot": want})
	}
	wantHeaders(t, h.get("/40x30/cat.jpg", "Range", "bytes=9999999-"), map[string]string{"X-Hot": ""})
	off := newTestServer()
	for range 100 {
		wantHeaders(t, off.get("/40x30/cat.jpg"), map[string]string{"X-Hot": "", "X-Accel-Expires": ""})
	}
}

// A cache in front does not check whether a URL has expired, so it may keep none that
// expires.
func TestExpiringIsNotHot(t *testing.T) {
	t.Parallel()
	var keys variant.Keyring
	if err := keys.Add("k:0123456789abcdef"); err != nil {
		t.Fatal(err)
	}
	warm := 0
	h := newTestServer(hotAfter(t, 1, "X-Accel-Expires: 60"), func(c *Config) { c.Keys = &keys })
	lasting := keys.Sign(variant.Path{Ops: "40x30", Key: "cat.jpg"}, time.Time{}).String()
	expiring := keys.Sign(variant.Path{Ops: "40x30", Key: "cat.jpg"}, now.Add(10000*time.Hour)).String()
	for _, step := range []struct{ path, want string }{{lasting, "0"}, {expiring, "0"}, {expiring, "0"}, {lasting, "60"}, {expiring, "0"}} {
		wantHeaders(t, h.get(step.path), map[string]string{"X-Accel-Expires": step.want})
	}
	public, _ := newDiskHandler(t, 0, hotAfter(t, 1, "X-Accel-Expires: 60"), func(c *Config) {
		c.Keys, c.Hot.Warm = &keys, func(*pipeline.Result) { warm++ }
	})
	for range 3 {
		getBody(t, &testServer{Handler: public}, keys.Sign(variant.Path{Ops: "40x30", Key: "photos/cat.jpg"}, now.Add(time.Hour)).String())
	}
	if warm != 2 {
		t.Errorf("warmed %d times: the memory tier is ours, and URLs are asked for permission before it", warm)
	}
}

// A cache in front keeps a hot derivative only under its canonical URL. Under others, it is
// sent by X-Accel-Redirect as usual.
func TestHotUnderOneName(t *testing.T) {
	t.Parallel()
	h := newTestServer(hotAfter(t, 1, "X-Accel-Expires: 60"))
	h.get("/40x30,g_n/cat.jpg")
	for path, want := range map[string]string{
		"/40x30,g_n/cat.jpg": "60", "/40x30%2Cg_n/cat.jpg": "60", "/g_n,40x30/cat.jpg": "60",
		"/40x30,g_n/cat.jpg?": "0", "/40x30,g_n/cat.jpg?a": "0", "/40x30,g_n/cat.jpg?utm_source=b&c": "0",
		"/40x30,g_n/c%61t.jpg": "0", "/40x30,g%5fn/cat.jpg": "0", "/40x30,g%5Fn/cat.jpg": "0", "/40x30%2cg_n/cat.jpg": "0",
		"/w_40%2Ch_30,g_n/cat.jpg": "0", "/40x30,g_n%2Fcat.jpg": "0", "/40x30,g_n,dl_a.jpg/cat.jpg": "0",
	} {
		r := h.get(path)
		if r.StatusCode != 200 {
			t.Errorf("%s: %s", path, r.Status)
		}
		if got := r.Header.Get("X-Accel-Expires"); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	public, _ := newDiskHandler(t, 0, hotAfter(t, 1, "X-Accel-Expires: 60"), func(c *Config) { c.SendFile = SendFile{AccelHeader, "/cache/"} })
	for i := range 4 {
		r, body := getBody(t, &testServer{Handler: public}, "/40x30/photos/cat.jpg?a")
		if r.Header.Get(AccelHeader) == "" || len(body) > 0 {
			t.Errorf("request %d: %d bytes, %v", i, len(body), r.Header)
		}
	}
}

func TestPlainEscapes(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"": true, "/60x/a(1).jpg": true, "/60x/a%281%29.jpg": true, "/60x/%C3%BC%20b.jpg": true, "/60x/100%25.jpg": true,
		"/60x/%c3%bc.jpg": false, "/60x/%C3%bC.jpg": false, "/60x/%2D.jpg": false, "/60x/%7E": false, "/60x/%61": false, "/60x/%41": false, "/60x/%30": false,
		"/60x/a%2Fb": false, "/60x/(%28": false, "/60x/%28(": false, "/60x/%28%28": true, "/60x/((": true,
		"/%": false, "/%4": false, "/%ZZ": false, "/%+1": false,
	} {
		if got := hasPlainEscapes(path); got != want {
			t.Errorf("%q: %t", path, got)
		}
	}
}

// nginx does not keep what it sends because of X-Accel-Redirect. So hot derivatives are sent
// in full, with the tag that nginx gives to the file.
func TestHotWithSendFile(t *testing.T) {
	t.Parallel()
	const path = "/40x30,f_auto/photos/cat.jpg"
	for _, c := range []struct {
		sendFile, header string
		whole            bool
	}{
		{AccelHeader, "X-Accel-Expires: 3600", true},
		{AccelHeader, "Surrogate-Control: max-age=3600", false},
		{"X-Sendfile", "X-Accel-Expires: 3600", false},
	} {
		public, _ := newDiskHandler(t, 0, hotAfter(t, 2, c.header), func(cfg *Config) { cfg.SendFile = SendFile{c.sendFile, "/cache/"} })
		h := &testServer{Handler: public}
		header, err := parseHotHeader(c.header)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			r, body := getBody(t, h, path, "Accept", "image/webp")
			hot := i >= 2
			if whole := len(body) > 0; r.StatusCode != 200 || whole != (hot && c.whole) || whole == (r.Header.Get(c.sendFile) != "") {
				t.Errorf("%s, %s: request %d has %d bytes, %v", c.sendFile, c.header, i, len(body), r.Header)
			}
			if want := map[bool]string{false: header.Cold, true: header.Hot}[hot]; r.Header.Get(header.Name) != want {
				t.Errorf("%s: request %d has %q", header.Name, i, r.Header.Get(header.Name))
			}
			if tag := r.Header.Get("ETag"); hot && c.whole && !strings.HasPrefix(tag, `"664731a8-`) {
				t.Errorf("tag %q", tag)
			}
		}
	}
}

// A hot derivative that came from disk is warmed.
func TestHotIsWarmed(t *testing.T) {
	t.Parallel()
	var warmed []variant.Name
	public, _ := newDiskHandler(t, 0, hotAfter(t, 2, "X-Accel-Expires: 3600"), func(c *Config) {
		c.Hot.Warm = func(r *pipeline.Result) { warmed = append(warmed, r.Name) }
	})
	h := &testServer{Handler: public}
	for i := range 4 {
		getBody(t, h, "/40x30/photos/cat.jpg")
		if want := max(0, i-1); len(warmed) != want {
			t.Errorf("after %d requests: %q", i+1, warmed)
		}
	}
	getBody(t, h, "/41x30/photos/cat.jpg")
	if len(warmed) != 2 || warmed[0] != warmed[1] || !strings.Contains(string(warmed[0]), "-") {
		t.Errorf("warmed %q", warmed)
	}
}

// A provisional derivative may be kept for a minute.
func TestProvisional(t *testing.T) {
	t.Parallel()
	s := &server{Config: Config{MaxAge: time.Hour, Now: func() time.Time { return now }}}
	q := request{parsedPath: &parsedPath{variant: variant.Variant{Format: variant.FormatAuto}}}
	for _, c := range []struct {
		result       pipeline.Result
		expires      time.Duration
		maxAge       time.Duration
		control, how string
	}{
		{pipeline.Result{Source: pipeline.Made, Stored: true}, 0, time.Hour, "public, max-age=3600, immutable", "thumbery;fwd=miss;stored;detail=disk"},
		{pipeline.Result{Source: pipeline.Made, Stored: true, Provisional: true}, 0, time.Hour, "public, max-age=60", "thumbery;fwd=miss;stored;detail=provisional"},
		{pipeline.Result{Source: pipeline.FromMemory, Provisional: true}, 0, time.Hour, "public, max-age=60", "thumbery;hit;detail=provisional"},
		{pipeline.Result{Source: pipeline.FromDisk, Provisional: true, OriginDown: true}, 0, time.Hour, "public, max-age=60", "thumbery;hit;detail=origin-down"},
		{pipeline.Result{Source: pipeline.FromDisk, Provisional: true}, 20 * time.Second, time.Hour, "public, max-age=20", "thumbery;hit;detail=provisional"},
		{pipeline.Result{Source: pipeline.FromDisk, Provisional: true}, -time.Second, time.Hour, "public, max-age=0", "thumbery;hit;detail=provisional"},
		{pipeline.Result{Source: pipeline.FromDisk, Provisional: true}, 0, 5 * time.Second, "public, max-age=5", "thumbery;hit;detail=provisional"},
		{pipeline.Result{Source: pipeline.FromDisk, Provisional: true, Broken: true}, 0, time.Hour, "no-store", "thumbery;hit;detail=provisional"},
	} {
		s.MaxAge, q.expires = c.maxAge, time.Time{}
		s.headerValues = newHeaderValues(&s.Config)
		if c.expires != 0 {
			q.expires = now.Add(c.expires)
		}
		h := http.Header{}
		s.setVary(h, q)
		c.result.MediaType = "image/webp"
		s.pictureHeaders(h, q, &c.result)
		wantHeaders(t, &http.Response{Header: h}, map[string]string{"Cache-Control": c.control, "Cache-Status": c.how, "Vary": "Accept, Save-Data"})
	}
}

// failingOrigin is an origin that can be switched off.
type failingOrigin struct {
	storage.Origin
	failed bool
}

func (f *failingOrigin) Open(ctx context.Context, key string, have storage.Version) (*storage.Object, error) {
	if f.failed {
		return nil, storage.ErrUnavailable
	}
	return f.Origin.Open(ctx, key, have)
}

// An error is not hot, even if the derivative was a moment ago.
func TestUnavailableIsNotHot(t *testing.T) {
	t.Parallel()
	origin := &failingOrigin{}
	h := newTestServer(hotAfter(t, 1, "X-Accel-Expires: 3600"), func(c *Config) {
		configure(c, func(p *pipeline.Config) { origin.Origin, p.Originals.Origin = p.Originals.Origin, origin })
	})
	origin.failed = true
	for range 3 {
		r := h.get("/40x30/cat.jpg")
		if r.StatusCode != 503 {
			t.Error(r.Status)
		}
		wantHeaders(t, r, map[string]string{"X-Accel-Expires": "0"})
	}
	origin.failed = false
	wantHeaders(t, h.get("/40x30/cat.jpg"), map[string]string{"X-Accel-Expires": "3600"})
}

// newCounts has a window of a minute, and a clock that stands still.
func newCounts() (*requestCounts, *time.Time) {
	clock := now
	c := newRequestCounts(time.Minute, func() time.Time { return clock })
	return &c, &clock
}

func TestRequestCounts(t *testing.T) {
	t.Parallel()
	c, _ := newCounts()
	for want := 1; want <= 100; want++ {
		if got := c.add("a"); got != want {
			t.Fatalf("request %d is number %d", want, got)
		}
	}
	if got := c.add("b"); got != 1 {
		t.Errorf("the first of another name is number %d", got)
	}
}

func TestRequestCountsForget(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		after []time.Duration // between requests
		want  int             // the count at the last one
	}{
		{[]time.Duration{29 * time.Second}, 2},
		{[]time.Duration{59 * time.Second}, 2},
		{[]time.Duration{60 * time.Second}, 1},
		{[]time.Duration{time.Hour}, 1},
		{[]time.Duration{20 * time.Second, 20 * time.Second}, 3},
		{[]time.Duration{20 * time.Second, 41 * time.Second}, 1},
		{[]time.Duration{0, 0, 0, 59 * time.Second}, 5},
		{[]time.Duration{-time.Second, -20 * time.Second, 0}, 4}, // the clock was set back
		{[]time.Duration{40 * time.Second, -39 * time.Second}, 3},
		{[]time.Duration{0, 0, -time.Hour}, 1},
		{[]time.Duration{0, 0, -time.Hour, 0}, 2},
		{[]time.Duration{0, 0, -time.Hour, 29 * time.Second, 60 * time.Second}, 1},
	} {
		c, clock := newCounts()
		got := c.add("a")
		for _, d := range tt.after {
			*clock = clock.Add(d)
			got = c.add("a")
		}
		if got != tt.want {
			t.Errorf("after %v: %d, want %d", tt.after, got, tt.want)
		}
	}
}

// Whatever the order of requests, a count is between that of the last half of the window
// and that of the window.
func TestRequestCountsAreWithinTheWindow(t *testing.T) {
	t.Parallel()
	c, clock := newCounts()
	random := rand.New(rand.NewPCG(1, 2))
	times := map[string][]time.Time{}
	for range 5000 {
		*clock = clock.Add(time.Duration(random.ExpFloat64() * float64(300*time.Millisecond)))
		name := strconv.Itoa(int(random.ExpFloat64() * 20))
		times[name] = append(times[name], *clock)
		least, most := 0, 0
		for _, at := range times[name] {
			if age := clock.Sub(at); age < time.Minute {
				most++
				if age <= 30*time.Second {
					least++
				}
			}
		}
		if got := c.add(name); got < least || got > most {
			t.Fatalf("%d, with %d requests within 30 seconds and %d within 60", got, least, most)
		}
	}
}

// Very many names are counted in bounded memory, and one that is asked for often is
// counted among them.
func TestRequestCountsAreBounded(t *testing.T) {
	t.Parallel()
	c, _ := newCounts()
	hot := 0
	for i := range 100_000 {
		c.add("once-" + strconv.Itoa(i))
		if i%100 == 0 {
			hot = c.add("hot")
		}
	}
	if hot < 100 {
		t.Errorf("of 1,000 requests %d are counted", hot)
	}
	if entries, bytes := c.counters.Stats(); bytes > popularityBytes || entries < 1000 {
		t.Errorf("%d names in %d bytes", entries, bytes)
	}
}

func TestRequestCountsConcurrently(t *testing.T) {
	t.Parallel()
	c, _ := newCounts()
	c.add("a")
	const goroutines, each = 8, 1000
	var running sync.WaitGroup
	for range goroutines {
		running.Go(func() {
			for range each {
				c.add("a")
			}
		})
	}
	running.Wait()
	if got := c.add("a"); got != goroutines*each+2 {
		t.Errorf("%d", got)
	}
}
