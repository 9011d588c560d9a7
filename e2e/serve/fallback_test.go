package serve

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// patch changes a switch on the admin listener.
func patch(t *testing.T, s *e2e.Server, body string, want int) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodPatch, s.Admin+"/switches", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := e2e.Client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(res.Body); err != nil || res.StatusCode != want {
		t.Fatalf("%s: %d %s, %v; want %d", body, res.StatusCode, &answer, err, want)
	}
	return answer.String()
}

// Switches work while the server runs, are logged, and show in the metrics.
func TestSwitches(t *testing.T) {
	t.Parallel()
	args := e2e.Bucket(t, map[string][]byte{"cat.jpg": e2e.Read(t, "../../testdata/photos/cat.jpg"), "lake.jpg": e2e.Read(t, "../../testdata/photos/lake.jpg")})
	s := e2e.Serve(t, append(args, "--hedge", "300ms", "--no-hedge")...)
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/60x/cat.jpg"), 60, 75, "jpeg")
	if got := e2e.Get(t, s.Admin+"/switches"); !bytes.Contains(got.Body, []byte(`"hedge":false`)) {
		t.Errorf("%d %s", got.Status, got.Body)
	}

	patch(t, s, `{"read_only":true,"hot":false}`, 200)
	e2e.WantCache(t, e2e.Get(t, s.URL+"/60x/cat.jpg"), e2e.HitDisk)
	e2e.WantCache(t, e2e.Get(t, s.URL+"/60x/cat.jpg"), e2e.HitDisk)
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/30x/cat.jpg"), 30, 38, "jpeg")
	closed := e2e.Get(t, s.URL+"/60x/lake.jpg")
	e2e.WantProblem(t, "read only", closed, 503, "read-only", "")
	if closed.Header.Get("Retry-After") == "" || closed.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("read only: %v", closed.Header)
	}
	if s.Metric(t, `thumbery_switch{name="read_only",value="true"}`) != 1 {
		t.Error("not in the metrics")
	}
	s.Log.AwaitText(t, "read_only")

	patch(t, s, `{"read_only":false,"hot":true,"hedge":true}`, 200)
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/60x/lake.jpg"), 60, 40, "jpeg")
	patch(t, s, `{"engine":"vips"}`, 400)
	patch(t, s, `{"hot":false,"cold":true}`, 400)
	if got := e2e.Get(t, s.Admin+"/switches"); !bytes.Contains(got.Body, []byte(`"hot":true`)) {
		t.Errorf("half of a wrong change was made: %s", got.Body)
	}
}

// Large originals are redirected to S3.
func TestRedirectRaw(t *testing.T) {
	t.Parallel()
	lake := e2e.Read(t, "../../testdata/photos/lake.jpg")
	args := e2e.Bucket(t, map[string][]byte{"ein see.jpg": lake, "small.txt": []byte("small")})
	s := e2e.Serve(t, append(args, "--redirect-raw", "10kB")...)
	r := e2e.Get(t, s.URL+"/raw,dl_a-lake.jpg/ein%20see.jpg")
	if r.Status != 302 || r.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", r.Status, r.Header)
	}
	direct := e2e.Get(t, r.Header.Get("Location"))
	if direct.Status != 200 || !bytes.Equal(direct.Body, lake) || !strings.Contains(direct.Header.Get("Content-Disposition"), "a-lake.jpg") {
		t.Errorf("from S3: %d, %d bytes, %v", direct.Status, len(direct.Body), direct.Header)
	}
	if small := e2e.Get(t, s.URL+"/raw/small.txt"); small.Status != 200 || string(small.Body) != "small" {
		t.Errorf("small: %d %s", small.Status, small.Body)
	}
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/60x/ein%20see.jpg"), 60, 40, "jpeg")
	if cached := e2e.Get(t, s.URL+"/raw/ein%20see.jpg"); cached.Status != 200 || !bytes.Equal(cached.Body, lake) {
		t.Errorf("in the cache: %d, %d bytes", cached.Status, len(cached.Body))
	}
	e2e.WantProblem(t, "missing", e2e.Get(t, s.URL+"/raw/none.jpg"), 404, "not-found", "")
}

// The fallback image is served in the requested size with the true status, and is not
// cacheable.
func TestFallbackPicture(t *testing.T) {
	t.Parallel()
	store, args := e2e.S3(t, map[string][]byte{"cat.jpg": e2e.Read(t, "../../testdata/photos/cat.jpg"), "text.jpg": []byte("no picture")})
	s := e2e.Serve(t, append(args, "--fallback", "../../testdata/photos/coast.jpg", "--negative-ttl", "0")...)
	want := func(path string, status, width, height int, problem string) {
		t.Helper()
		r := e2e.Get(t, s.URL+path)
		w, h, format := e2e.Size(t, r.Body)
		if r.Status != status || w != width || h != height || format != "jpeg" {
			t.Errorf("%s: %d, %s of %dx%d, want %d, %dx%d", path, r.Status, format, w, h, status, width, height)
		}
		if r.Header.Get("Cache-Control") != "no-store" || r.Header.Get("X-Thumbery-Problem") != problem || r.Header.Get("ETag") != "" {
			t.Errorf("%s: %v", path, r.Header)
		}
	}
	want("/60x40/none.jpg", 404, 60, 40, "not-found")
	want("/60x60/text.jpg", 415, 60, 60, "not-a-picture")
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/60x/cat.jpg"), 60, 75, "jpeg")
	store.Stop()
	want("/300x200/other.jpg", 503, 300, 200, "origin-unavailable")
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/30x/cat.jpg"), 30, 38, "jpeg")
	e2e.WantProblem(t, "wrong options", e2e.Get(t, s.URL+"/300/cat.jpg"), 400, "bad-options", "")
	e2e.WantProblem(t, "JSON", e2e.Get(t, s.URL+"/info/none.jpg"), 503, "origin-unavailable", "")
}

// The browser is redirected to S3 when the server is busy or read-only.
func TestFallbackRedirect(t *testing.T) {
	t.Parallel()
	cat := e2e.Read(t, "../../testdata/photos/cat.jpg")
	args := e2e.Bucket(t, map[string][]byte{"cat.jpg": cat})
	s := e2e.Serve(t, append(args, "--fallback", "redirect", "--read-only")...)
	r := e2e.Get(t, s.URL+"/60x/cat.jpg")
	if r.Status != 302 || r.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", r.Status, r.Header)
	}
	if direct := e2e.Get(t, r.Header.Get("Location")); direct.Status != 200 || !bytes.Equal(direct.Body, cat) {
		t.Errorf("from S3: %d, %d bytes", direct.Status, len(direct.Body))
	}
	patch(t, s, `{"read_only":false}`, 200)
	e2e.WantProblem(t, "missing", e2e.Get(t, s.URL+"/60x/none.jpg"), 404, "not-found", "")
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/60x/cat.jpg"), 60, 75, "jpeg")
}
