package explain_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/explain"
	"github.com/thumbery/thumbery/variant"
)

// paths are URLs of every kind, and hostile ones.
var paths = []string{
	"/40x/cat.jpg", "/x40,f_auto/cat.jpg", "/raw/cat.jpg", "/info/cat.jpg", "/40x/no.jpg", "/40x/other.jpg", "/64x64,g_smart/cat.jpg",
	"/v_2,40x/cat.jpg", "/40x/text.jpg", "/bad/cat.jpg", "/", "", "//", "/s.k1/40x/cat.jpg", "/s.k1.AAAA/40x/cat.jpg", "/s.k1.AAAA.1/40x/cat.jpg",
	"/s.k9.AAAA~presets/40x/cat.jpg", "/40x,crop_70_50_90_90/cat.jpg", "/page_9/cat.jpg", "/40x/" + strings.Repeat("k", 1025), "/" + strings.Repeat("f_auto,", 400) + "/cat.jpg",
	"/40x/\u0000", "/40x/\xff\xfe", "/thumb/cat.jpg", "/40x,bytes_100/cat.jpg", "/40x,wm_none/cat.jpg", "/s.k1." + strings.Repeat("A", 43) + "=/40x/cat.jpg",
	"/" + strings.Repeat("\x80", 3000) + "/a.jpg",
}

const secret = "an-example-secret"

func signed(c *config) {
	if err := c.public.Keys.Add("k1:" + secret); err != nil {
		panic(err)
	}
	if err := c.public.Keys.Add("k2:another-example-secret"); err != nil {
		panic(err)
	}
	c.public.Presets = variant.Presets{}
	if err := c.public.Presets.Add("thumb=32x32"); err != nil {
		panic(err)
	}
}

// TestBounds: an answer has ten sections, all that is said is valid UTF-8 when encoded, no
// secret, no valid signature, and no more than 256 KiB, whatever is asked.
func TestBounds(t *testing.T) {
	t.Parallel()
	s := newService(t, signed)
	for _, path := range append(paths, "/40x/"+strings.Repeat("a/", 2000)) {
		r := s.ask(t, path, strings.Repeat("image/avif;q=0.1,", 1000))
		data, err := json.Marshal(r)
		if err != nil || len(data) > 256<<10 || len(r.Sections) != 10 || r.Summary == "" {
			t.Errorf("%.50s: %d bytes, %v, %d sections: %s", path, len(data), err, len(r.Sections), r.Summary)
		}
		signature := s.keys.Sign(variant.Path{Ops: "40x", Key: "cat.jpg"}, time.Time{}).Signature.MAC
		if text := string(data); strings.Contains(text, secret) || strings.Contains(text, signature) {
			t.Errorf("%.50s: tells a secret: %s", path, text)
		}
	}
	trusted := newService(t, signed, func(c *config) { c.explain.MaySign = true })
	d := section(t, trusted.ask(t, "/40x/cat.jpg", ""), "signature").Data.(*explain.SignatureData)
	get(t, trusted, d.URL, 200)
}

// TestStates: how each request ends, and that the status is the one that clients get.
func TestStates(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, tt := range []struct {
		path    string
		before  int // the status without a look at the original: 0 if it is not known
		after   int // when it was requested
		outcome string
		part    string // that says why
		says    string
	}{
		{"/40x/cat.jpg", 0, 200, "memory", "file", "It is in memory, and on disk as derivatives/"},
		{"/raw/cat.jpg", 200, 200, "disk", "file", "originals/"},
		{"/info/cat.jpg", 0, 200, "memory", "plan", "The JSON is made of a small picture"},
		{"/40x/no.jpg", 0, 404, "not-found", "original", "has said that it does not exist, which is remembered until"},
		{"/40x/text.jpg", 0, 415, "not-a-picture", "original", "Not a picture"},
		{"/blurr_3/cat.jpg", 400, 400, "bad-options", "url", "did you mean"},
		{"/40x,wm_none/cat.jpg", 400, 400, "bad-options", "plan", "is no watermark of this server"},
		{"/40x,crop_90_0_9_9/cat.jpg", 400, 400, "bad-options", "plan", "lies outside of the picture"},
		{"/40x,page_2/cat.jpg", 400, 400, "bad-options", "plan", "is not there"},
	} {
		if r := s.ask(t, tt.path, ""); r.Status != tt.before {
			t.Errorf("%s: before: %d %s", tt.path, r.Status, r.Summary)
		}
		get(t, s, tt.path, tt.after)
		r := s.ask(t, tt.path, "")
		if r.Status != tt.after || r.Outcome != tt.outcome {
			t.Errorf("%s: %d %s, want %d %s: %s", tt.path, r.Status, r.Outcome, tt.after, tt.outcome, r.Summary)
		}
		says(t, r, tt.part, tt.says)
	}
	s.pipeline.Originals.SetReadOnly(true)
	if r := s.ask(t, "/40x/else.jpg", ""); r.Status != 503 || r.Outcome != "read-only" {
		t.Errorf("read-only: %d %s", r.Status, r.Summary)
	}
}

// TestHeaders: those that are explained are those that are sent.
func TestHeaders(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *config) {
		c.public.CORS, c.public.TagHeaders = "*", []api.TagHeader{"Cache-Tag"}
		c.public.Limits = variant.Limits{Sizes: []int{40}}
	})
	for _, path := range []string{"/40x,f_auto/cat.jpg", "/40x,dl/cat.jpg", "/raw/cat.jpg", "/info/cat.jpg", "/bad/cat.jpg", "/40x/no.jpg", "/41x,f_auto/cat.jpg"} {
		for range 2 {
			s.ask(t, path, "")
			get(t, s, path, 0)
		}
		got := section(t, s.ask(t, path, ""), "headers").Data.(*explain.HeadersData)
		want := get(t, s, path, 0)
		sameHeaders(t, path, want.Header(), got)
		if want.Code != got.Status {
			t.Errorf("%s: %d is explained as %d", path, want.Code, got.Status)
		}
	}
}

// TestChangesNothing: what is in the cache, in memory and on disk, and what is counted, is the
// same after an explanation, whatever it is about.
func TestChangesNothing(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *config) { c.public.Hot.After, c.public.Hot.Window = 20, 1<<40 })
	get(t, s, "/40x/cat.jpg", 200)
	get(t, s, "/40x/no.jpg", 404)
	age(t, s.directory)
	before, opens, calls, answered := tree(t, s.directory), s.origin.TotalOpens(), s.resizer.Calls(), s.answered
	for _, path := range []string{"/40x/cat.jpg", "/x40,f_auto/cat.jpg", "/raw/cat.jpg", "/info/cat.jpg", "/40x/no.jpg", "/40x/other.jpg", "/64x64,g_smart/cat.jpg", "/v_2,40x/cat.jpg", "/bad/cat.jpg", "/"} {
		for range 2 {
			s.ask(t, path, "image/avif")
		}
		if changed := differences(before, tree(t, s.directory)); len(changed) > 0 || len(before) != len(tree(t, s.directory)) {
			t.Errorf("%s changed the cache: %v", path, changed)
		}
	}
	if s.origin.TotalOpens() != opens || s.resizer.Calls() != calls || s.answered != answered {
		t.Errorf("%d fetches, %d pictures, %d answers", s.origin.TotalOpens()-opens, s.resizer.Calls()-calls, s.answered-answered)
	}
	if d := section(t, s.ask(t, "/40x/cat.jpg", ""), "file").Data.(*explain.FileData); d.Requests != 1 {
		t.Errorf("%d requests were counted, and 1 was made", d.Requests)
	}
}

// get requests a path as a client, and expects that status, unless it is 0.
func get(t *testing.T, s *service, path string, status int) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	s.public.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	if status != 0 && w.Code != status {
		t.Errorf("%s: %d, want %d", path, w.Code, status)
	}
	return w
}
