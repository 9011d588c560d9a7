package api

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// fetched is a complete answer of a real server.
type fetched struct {
	status int
	header http.Header
	body   []byte
}

func fetch(t *testing.T, method, url string, headers ...string) fetched {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fetched{res.StatusCode, res.Header, body}
}

// rangeTests are Range headers and their answers for a body of more than 200 bytes, as of
// RFC 9110. part returns the positions of the part in a body of n bytes.
var rangeTests = []struct {
	value  string
	status int
	part   func(n int) (first, end int)
}{
	{"bytes=0-9", 206, func(int) (int, int) { return 0, 10 }},
	{"bytes=10-10", 206, func(int) (int, int) { return 10, 11 }},
	{"bytes=100-", 206, func(n int) (int, int) { return 100, n }},
	{"bytes=-5", 206, func(n int) (int, int) { return n - 5, n }},
	{"Bytes=0-9", 206, func(int) (int, int) { return 0, 10 }},
	{"bytes=0-99999999999999999999", 206, func(n int) (int, int) { return 0, n }},
	{"bytes=7-99999999999999999999", 206, func(n int) (int, int) { return 7, n }},
	{"bytes=-99999999999999999999", 206, func(n int) (int, int) { return 0, n }},
	{"bytes=0-9223372036854775807", 206, func(n int) (int, int) { return 0, n }},
	{"bytes=0000000000000000000000-9", 206, func(int) (int, int) { return 0, 10 }},
	{"bytes=,, 3-4 ,", 206, func(int) (int, int) { return 3, 5 }},
	{"bytes=3-4,-0", 206, func(int) (int, int) { return 3, 5 }},
	{"bytes=3-4,99999999-", 206, func(int) (int, int) { return 3, 5 }},

	{"bytes=-0", 416, nil},
	{"bytes=9999999-", 416, nil},
	{"bytes=99999999999999999999-", 416, nil},
	{"bytes=9999999-,-0", 416, nil},

	{"items=0-9", 200, nil},
	{"items=9999999-", 200, nil},
	{"bytes", 200, nil},
	{"bytes=", 200, nil},
	{"bytes=,", 200, nil},
	{"bytes=-", 200, nil},
	{"bytes=9-0", 200, nil},
	{"bytes=a-b", 200, nil},
	{"bytes=+0-9", 200, nil},
	{"bytes=0x0-9", 200, nil},
	{"bytes=0-99999999999999999999x", 200, nil},
	{"bytes=99999999999999999999x-", 200, nil},
	{"bytes=-9223372036854775808 1", 200, nil},
	{"bytes=0 - 9", 200, nil},
	{"bytes =0-9", 200, nil},
	{"bytes=0-9-20", 200, nil},
	{"bytes=--5", 200, nil},
	{"bytes=0-9,x", 200, nil},
	{"bytes=9999999-,x", 200, nil},
	{"0-9", 200, nil},
	{"bytes=0-,0-,0-", 200, nil}, // more than the body
	{"bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16", 200, nil},
}

// rangeServers returns URLs of a derivative and an original, served from memory and from disk.
func rangeServers(t *testing.T) map[string]string {
	urls := map[string]string{}
	for name, hot := range map[string]int64{"memory": 1 << 20, "disk": 0} {
		h, _ := newDiskHandler(t, hot)
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		for _, path := range []string{"/40x30/photos/cat.jpg", "/raw/photos/cat.jpg"} {
			urls[name+path] = server.URL + path
		}
	}
	return urls
}

func TestRanges(t *testing.T) {
	t.Parallel()
	for name, url := range rangeServers(t) {
		fetch(t, "GET", url)
		whole := fetch(t, "GET", url)
		if whole.status != 200 || len(whole.body) < 200 || whole.header.Get("Accept-Ranges") != "bytes" {
			t.Fatalf("%s: %d, %d bytes, %v", name, whole.status, len(whole.body), whole.header)
		}
		for _, tt := range rangeTests {
			what := name + " " + tt.value
			r := fetch(t, "GET", url, "Range", tt.value)
			want, contentRange := whole.body, ""
			switch {
			case tt.part != nil:
				first, end := tt.part(len(whole.body))
				want, contentRange = whole.body[first:end], fmt.Sprintf("bytes %d-%d/%d", first, end-1, len(whole.body))
			case tt.status == 416:
				want, contentRange = r.body, fmt.Sprintf("bytes */%d", len(whole.body))
			}
			if r.status != tt.status || !bytes.Equal(r.body, want) || r.header.Get("Content-Range") != contentRange {
				t.Errorf("%s: %d, %d bytes, Content-Range %q; want %d, %d bytes, %q", what, r.status, len(r.body), r.header.Get("Content-Range"), tt.status, len(want), contentRange)
			}
			// Range is defined for GET only.
			wantHead(t, what, fetch(t, "HEAD", url, "Range", tt.value), whole)
		}
		if r := fetch(t, "GET", url, "Range", "bytes=0-1", "Range", "bytes=4-5"); r.status != 200 {
			t.Errorf("%s: two headers: %d", name, r.status)
		}
	}
}

// wantHead checks that an answer to HEAD has the headers of that to GET.
func wantHead(t *testing.T, what string, head, get fetched) {
	t.Helper()
	if head.status != get.status || len(head.body) != 0 {
		t.Errorf("HEAD %s: %d, GET %d", what, head.status, get.status)
	}
	for _, h := range []http.Header{head.header, get.header} {
		h.Del("Date")
		h.Del("X-Request-Id")
	}
	for name := range get.header {
		if got, want := head.header.Get(name), get.header.Get(name); got != want {
			t.Errorf("HEAD %s: %s is %q, and %q for GET", what, name, got, want)
		}
	}
	for name := range head.header {
		if get.header.Get(name) == "" {
			t.Errorf("HEAD %s: has %s", what, name)
		}
	}
}

// Errors have no ranges, and the same headers for HEAD and GET.
func TestRangesOfErrors(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(newTestServer().Handler)
	t.Cleanup(server.Close)
	for path, status := range map[string]int{"/40x30/no.jpg": 404, "/raw/no.jpg": 404, "/40y/cat.jpg": 400, "/40x/text.jpg": 415, "/": 400} {
		plain := fetch(t, "GET", server.URL+path, "X-Request-Id", "1")
		for _, value := range []string{"bytes=0-9", "bytes=-0", "items=0-9"} {
			r := fetch(t, "GET", server.URL+path, "X-Request-Id", "1", "Range", value)
			if r.status != status || !bytes.Equal(r.body, plain.body) || r.header.Get("Content-Range") != "" {
				t.Errorf("%s %s: %d %s %v", path, value, r.status, r.body, r.header)
			}
			wantHead(t, path, fetch(t, "HEAD", server.URL+path, "X-Request-Id", "1", "Range", value), plain)
		}
	}
}

func TestManyParts(t *testing.T) {
	t.Parallel()
	for name, url := range rangeServers(t) {
		whole := fetch(t, "GET", url)
		r := fetch(t, "GET", url, "Range", "bytes=0-1,4-5,-3,99999999-,-0")
		_, params, err := mime.ParseMediaType(r.header.Get("Content-Type"))
		if err != nil || r.status != 206 || r.header.Get("Content-Length") != strconv.Itoa(len(r.body)) {
			t.Fatalf("%s: %d %v %v", name, r.status, r.header, err)
		}
		parts := multipart.NewReader(bytes.NewReader(r.body), params["boundary"])
		n := len(whole.body)
		for _, want := range [][]byte{whole.body[0:2], whole.body[4:6], whole.body[n-3:]} {
			part, err := parts.NextPart()
			if err != nil {
				t.Fatal(name, err)
			}
			if got, err := io.ReadAll(part); err != nil || !bytes.Equal(got, want) || !strings.HasSuffix(part.Header.Get("Content-Range"), "/"+strconv.Itoa(n)) {
				t.Errorf("%s: %q %v, %v", name, got, part.Header, err)
			}
		}
		if _, err := parts.NextPart(); err != io.EOF {
			t.Errorf("%s: more parts: %v", name, err)
		}
	}
}

// If-Range gives a part only if the body is certainly the same (RFC 9110, 13.1.5).
func TestIfRange(t *testing.T) {
	t.Parallel()
	for name, url := range rangeServers(t) {
		fetch(t, "GET", url)
		h := fetch(t, "GET", url).header
		tag, date := h.Get("ETag"), h.Get("Last-Modified")
		byDate := 200 // a derivative that was made again has the same date
		if strings.Contains(url, "/raw/") {
			byDate = 206
		}
		for _, tt := range []struct {
			value  string
			status int
		}{
			{tag, 206},
			{`"x"`, 200},
			{"W/" + tag, 200},
			{strings.Trim(tag, `"`), 200},
			{"*", 200},
			{date, byDate},
			{"Mon, 01 Jan 2001 00:00:00 GMT", 200},
			{time.Now().UTC().Format(http.TimeFormat), 200},
			{"yesterday", 200},
		} {
			if r := fetch(t, "GET", url, "Range", "bytes=0-9", "If-Range", tt.value); r.status != tt.status {
				t.Errorf("%s, If-Range: %s: %d, want %d", name, tt.value, r.status, tt.status)
			}
			if r := fetch(t, "HEAD", url, "Range", "bytes=0-9", "If-Range", tt.value); r.status != 200 {
				t.Errorf("HEAD %s, If-Range: %s: %d", name, tt.value, r.status)
			}
		}
		// Conditions come first.
		for header, status := range map[string]int{"If-None-Match": 304, "If-Match": 416} {
			if r := fetch(t, "GET", url, header, tag, "Range", "bytes=-0"); r.status != status {
				t.Errorf("%s, %s: %d, want %d", name, header, r.status, status)
			}
		}
	}
}

// nginx gets only requests with a Range that it answers as this server would.
func TestSendFileOfRanges(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		method, value, ifRange string
		sendfile               bool
	}{
		{"GET", "bytes=0-9", "", true},
		{"GET", "bytes=100-", "", true},
		{"GET", "bytes=-5", "", true},
		{"GET", "bytes=0-9223372036854775806", "", true},
		{"GET", "bytes=0-9", `"665f-10"`, true},
		{"GET", "bytes=0-9", "Mon, 01 Jan 2001 00:00:00 GMT", false},
		{"HEAD", "bytes=0-9", "", false},
		{"GET", "bytes=-0", "", false},
		{"GET", "bytes=0-99999999999999999999", "", false},
		{"GET", "bytes=99999999999999999999-", "", false},
		{"GET", "bytes=0-1,4-5", "", false},
		{"GET", "bytes=0-1,", "", false},
		{"GET", "bytes=\t0-1", "", false},
		{"GET", "bytes=9-0", "", false},
		{"GET", "items=0-9", "", false},
	} {
		r := httptest.NewRequest(tt.method, "/", nil)
		r.Header.Set("Range", tt.value)
		if tt.ifRange != "" {
			r.Header.Set("If-Range", tt.ifRange)
		}
		if got := (SendFile{Header: AccelHeader}).applies(r); got != tt.sendfile {
			t.Errorf("%s %s: sent by nginx: %v", tt.method, tt.value, got)
		}
		if !(SendFile{Header: "X-Sendfile"}).applies(r) {
			t.Errorf("%s %s: not sent by lighttpd", tt.method, tt.value)
		}
	}
}

// Content-Range describes the body for every Range header.
func FuzzRange(f *testing.F) {
	for _, tt := range rangeTests {
		f.Add(tt.value, 300)
	}
	f.Add("bytes=-1", 0)
	f.Add("bytes=0-,-1", 1)
	f.Fuzz(func(t *testing.T, value string, size int) {
		size = max(0, size%1000)
		body := make([]byte, size)
		for i := range body {
			body[i] = byte(i)
		}
		for _, method := range []string{"GET", "HEAD"} {
			r := httptest.NewRequest(method, "/", nil)
			r.Header["Range"] = []string{value}
			w := httptest.NewRecorder()
			http.ServeContent(w, rangeRequest(r, int64(size), true), "a.bin", time.Time{}, bytes.NewReader(body))
			wantTrueRange(t, method+" "+value, w, body)
		}
	})
}

func wantTrueRange(t *testing.T, what string, w *httptest.ResponseRecorder, body []byte) {
	t.Helper()
	head := strings.HasPrefix(what, "HEAD")
	contentRange := w.Header().Get("Content-Range")
	switch {
	case w.Code == 200:
		if contentRange != "" || !head && !bytes.Equal(w.Body.Bytes(), body) || w.Header().Get("Content-Length") != strconv.Itoa(len(body)) {
			t.Errorf("%q: not the whole: %v", what, w.Header())
		}
	case head:
		t.Errorf("%q: %d", what, w.Code)
	case w.Code == 416:
		if contentRange != fmt.Sprintf("bytes */%d", len(body)) {
			t.Errorf("%q: Content-Range %q", what, contentRange)
		}
	case w.Code == 206 && strings.HasPrefix(w.Header().Get("Content-Type"), "multipart/"):
		if w.Body.Len() > len(body)+maxRanges*300 {
			t.Errorf("%q: %d bytes of %d", what, w.Body.Len(), len(body))
		}
	case w.Code == 206:
		var first, last, size int
		if _, err := fmt.Sscanf(contentRange, "bytes %d-%d/%d", &first, &last, &size); err != nil || size != len(body) || first > last || last >= size {
			t.Errorf("%q: Content-Range %q", what, contentRange)
		} else if !bytes.Equal(w.Body.Bytes(), body[first:last+1]) {
			t.Errorf("%q: %q is another part", what, contentRange)
		}
	default:
		t.Errorf("%q: %d", what, w.Code)
	}
}
