package e2e

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// patch changes a switch on the admin listener.
func (s *server) patch(t *testing.T, body string, want int) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodPatch, s.admin+"/switches", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
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

// Everything can be switched while the server runs, is logged, and shown in the
// metrics.
func TestSwitches(t *testing.T) {
	_, args := s3(t, map[string][]byte{"cat.jpg": read(t, "../testdata/photos/cat.jpg"), "lake.jpg": read(t, "../testdata/photos/lake.jpg")})
	s := serve(t, append(args, "--hedge", "300ms", "--no-hedge")...)
	wantPicture(t, get(t, s.url+"/60x/cat.jpg"), 60, 75, "jpeg")
	if got := get(t, s.admin+"/switches"); !bytes.Contains(got.body, []byte(`"hedge":false`)) {
		t.Errorf("%d %s", got.status, got.body)
	}

	s.patch(t, `{"read_only":true,"hot":false}`, 200)
	wantCache(t, get(t, s.url+"/60x/cat.jpg"), hitDisk)
	wantCache(t, get(t, s.url+"/60x/cat.jpg"), hitDisk)
	wantPicture(t, get(t, s.url+"/30x/cat.jpg"), 30, 38, "jpeg")
	closed := get(t, s.url+"/60x/lake.jpg")
	wantProblem(t, "read only", closed, 503, "read-only", "")
	if closed.header.Get("Retry-After") == "" || closed.header.Get("Cache-Control") != "no-store" {
		t.Errorf("read only: %v", closed.header)
	}
	if s.metric(t, `thumbery_switch{name="read_only",value="true"}`) != 1 {
		t.Error("not in the metrics")
	}
	s.log.waitForText(t, "read_only")

	s.patch(t, `{"read_only":false,"hot":true,"hedge":true}`, 200)
	wantPicture(t, get(t, s.url+"/60x/lake.jpg"), 60, 40, "jpeg")
	s.patch(t, `{"engine":"vips"}`, 400)
	s.patch(t, `{"hot":false,"cold":true}`, 400)
	if got := get(t, s.admin+"/switches"); !bytes.Contains(got.body, []byte(`"hot":true`)) {
		t.Errorf("half of a wrong change was made: %s", got.body)
	}
}

// Large originals come from S3 itself.
func TestRedirectRaw(t *testing.T) {
	lake := read(t, "../testdata/photos/lake.jpg")
	_, args := s3(t, map[string][]byte{"ein see.jpg": lake, "small.txt": []byte("small")})
	s := serve(t, append(args, "--redirect-raw", "10kB")...)
	r := get(t, s.url+"/raw,dl_a-lake.jpg/ein%20see.jpg")
	if r.status != 302 || r.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", r.status, r.header)
	}
	direct := get(t, r.header.Get("Location"))
	if direct.status != 200 || !bytes.Equal(direct.body, lake) || !strings.Contains(direct.header.Get("Content-Disposition"), "a-lake.jpg") {
		t.Errorf("from S3: %d, %d bytes, %v", direct.status, len(direct.body), direct.header)
	}
	if small := get(t, s.url+"/raw/small.txt"); small.status != 200 || string(small.body) != "small" {
		t.Errorf("small: %d %s", small.status, small.body)
	}
	wantPicture(t, get(t, s.url+"/60x/ein%20see.jpg"), 60, 40, "jpeg")
	if cached := get(t, s.url+"/raw/ein%20see.jpg"); cached.status != 200 || !bytes.Equal(cached.body, lake) {
		t.Errorf("in the cache: %d, %d bytes", cached.status, len(cached.body))
	}
	wantProblem(t, "missing", get(t, s.url+"/raw/none.jpg"), 404, "not-found", "")
}

// A picture of ours stands for one that cannot be had, in the size asked for, with
// the true status, and is not kept by anybody.
func TestFallbackPicture(t *testing.T) {
	store, args := s3(t, map[string][]byte{"cat.jpg": read(t, "../testdata/photos/cat.jpg"), "text.jpg": []byte("no picture")})
	s := serve(t, append(args, "--fallback", "../testdata/photos/coast.jpg", "--negative-ttl", "0")...)
	want := func(path string, status, width, height int, problem string) {
		t.Helper()
		r := get(t, s.url+path)
		w, h, format := size(t, r.body)
		if r.status != status || w != width || h != height || format != "jpeg" {
			t.Errorf("%s: %d, %s of %dx%d, want %d, %dx%d", path, r.status, format, w, h, status, width, height)
		}
		if r.header.Get("Cache-Control") != "no-store" || r.header.Get("X-Thumbery-Problem") != problem || r.header.Get("ETag") != "" {
			t.Errorf("%s: %v", path, r.header)
		}
	}
	want("/60x40/none.jpg", 404, 60, 40, "not-found")
	want("/60x60/text.jpg", 415, 60, 60, "not-a-picture")
	wantPicture(t, get(t, s.url+"/60x/cat.jpg"), 60, 75, "jpeg")
	store.Stop()
	want("/300x200/other.jpg", 503, 300, 200, "origin-unavailable")
	wantPicture(t, get(t, s.url+"/30x/cat.jpg"), 30, 38, "jpeg")
	wantProblem(t, "wrong options", get(t, s.url+"/300/cat.jpg"), 400, "bad-options", "")
	wantProblem(t, "JSON", get(t, s.url+"/info/none.jpg"), 503, "origin-unavailable", "")
}

// The browser is sent to S3 when we are too busy, or told not to fetch.
func TestFallbackRedirect(t *testing.T) {
	cat := read(t, "../testdata/photos/cat.jpg")
	_, args := s3(t, map[string][]byte{"cat.jpg": cat})
	s := serve(t, append(args, "--fallback", "redirect", "--read-only")...)
	r := get(t, s.url+"/60x/cat.jpg")
	if r.status != 302 || r.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", r.status, r.header)
	}
	if direct := get(t, r.header.Get("Location")); direct.status != 200 || !bytes.Equal(direct.body, cat) {
		t.Errorf("from S3: %d, %d bytes", direct.status, len(direct.body))
	}
	s.patch(t, `{"read_only":false}`, 200)
	wantProblem(t, "missing", get(t, s.url+"/60x/none.jpg"), 404, "not-found", "")
	wantPicture(t, get(t, s.url+"/60x/cat.jpg"), 60, 75, "jpeg")
}
