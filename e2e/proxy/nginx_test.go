package proxy

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/thumbery/thumbery/e2e"

	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// Client hints pass through nginx, and the answer names what it depends on.
func TestAccelClientHints(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", cache, "--accel", "/cache/", "--client-hints")
	front := e2e.Nginx(t, s, cache, nil)
	const hints = "Sec-CH-DPR, Sec-CH-Width, DPR, Width"
	for range 2 {
		r := e2e.Get(t, front+"/200x,f_auto/photos/coast.jpg", "Sec-CH-DPR", "2", "Save-Data", "on")
		e2e.WantPicture(t, r, 400, 267, "jpeg")
		if vary, ask := r.Header.Get("Vary"), r.Header.Get("Accept-CH"); vary != "Accept, Save-Data, "+hints || ask != hints {
			t.Errorf("Vary %q, Accept-CH %q", vary, ask)
		}
	}
	e2e.WantPicture(t, e2e.Get(t, front+"/200x,f_auto/photos/coast.jpg"), 200, 133, "jpeg")
	if r := e2e.Get(t, front+"/200x/photos/coast.jpg"); r.Header.Get("Vary") != "" || r.Header.Get("Accept-CH") != "" {
		t.Errorf("a picture that depends on nothing says %v", r.Header)
	}
}

// With --accel nginx sends the picture and handles conditions and ranges; the headers that
// it would drop are kept.
func TestAccel(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", cache, "--accel", "/cache/", "--cors", "https://example.com",
		"--tag-header", "Cache-Tag", "--tag-header", "Surrogate-Key", "--tag-header", "xkey")
	front := e2e.Nginx(t, s, cache, nil)
	const path = "/300x200,f_auto/photos/cat.jpg"

	direct := e2e.Get(t, s.URL+path)
	if direct.Header.Get("X-Accel-Redirect") == "" || len(direct.Body) != 0 {
		t.Errorf("thumbery sends no X-Accel-Redirect: %v, %d bytes", direct.Header, len(direct.Body))
	}
	r := e2e.Get(t, front+path)
	e2e.WantPicture(t, r, 300, 200, "jpeg")
	for name, want := range map[string]string{
		"Cache-Status": e2e.HitDisk, "Vary": "Accept, Save-Data, Origin", "Access-Control-Allow-Origin": "https://example.com",
		"X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=2592000, immutable",
		"X-Accel-Redirect": "", "Content-Length": strconv.Itoa(len(r.Body)),
	} {
		if got := strings.Join(r.Header.Values(name), " + "); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if !strings.Contains(r.Header.Get("Server"), "nginx") || r.Header.Get("X-Request-Id") == "" {
		t.Errorf("headers %v", r.Header)
	}

	// nginx's own tag: of mtime and size, which are the origin's.
	tag := r.Header.Get("ETag")
	if tag == "" || tag == e2e.Get(t, front+"/301x200/photos/cat.jpg").Header.Get("ETag") {
		t.Errorf("the tag is %q, and that of another picture too", tag)
	}
	for _, condition := range [][2]string{{"If-None-Match", tag}, {"If-Modified-Since", r.Header.Get("Last-Modified")}} {
		again := e2e.Get(t, front+path, condition[0], condition[1])
		wantTags(t, again, "photos/cat.jpg")
		if again.Status != http.StatusNotModified || again.Header.Get("Vary") != "Accept, Save-Data, Origin" {
			t.Errorf("%s: %d %v", condition[0], again.Status, again.Header)
		}
	}
	part := e2e.Get(t, front+path, "Range", "bytes=10-19")
	if part.Status != http.StatusPartialContent || string(part.Body) != string(r.Body[10:20]) {
		t.Errorf("range: %d, %d bytes", part.Status, len(part.Body))
	}
	if whole := e2e.Get(t, front+path, "Range", "bytes=10-19", "If-Range", r.Header.Get("Last-Modified")); whole.Status != http.StatusOK || len(whole.Body) != len(r.Body) {
		t.Errorf("range of what has the date of another: %d, %d bytes", whole.Status, len(whole.Body))
	}
	if head := e2e.Ask(t, http.MethodHead, front+path); head.Status != 200 || head.Header.Get("Content-Length") != strconv.Itoa(len(r.Body)) {
		t.Errorf("HEAD: %d %v", head.Status, head.Header)
	}
	webp := e2e.Get(t, front+path, "Accept", "image/webp")
	e2e.WantPicture(t, webp, 300, 200, "webp")
	missing := e2e.Get(t, front+"/300x/photos/none.jpg")
	e2e.WantProblem(t, "an error through nginx", missing, 404, "not-found", "")
	wantTags(t, missing, "photos/none.jpg")
	for _, r := range []e2e.Response{direct, r, part, webp} {
		wantTags(t, r, "photos/cat.jpg")
	}
	if r := e2e.Get(t, front+"/cache/derivatives/"); r.Status != 400 && r.Status != 404 {
		t.Errorf("the internal location answers %d", r.Status)
	}
	e2e.WantPicture(t, e2e.Get(t, front+"/raw/photos/cat.jpg"), 1600, 2000, "jpeg")
}

// wantTags wants one tag in each header, that of a key.
func wantTags(t *testing.T, r e2e.Response, key variant.Key) {
	t.Helper()
	for _, name := range []string{"Cache-Tag", "Surrogate-Key", "Xkey"} {
		if got := strings.Join(r.Header.Values(name), " + "); got != string(key.Name()) {
			t.Errorf("status %d: %s is %q", r.Status, name, got)
		}
	}
}

// Keys pass through nginx unchanged, and so do errors.
func TestNginxPassesThrough(t *testing.T) {
	t.Parallel()
	cache, pictures := t.TempDir(), t.TempDir()
	body := e2e.Read(t, filepath.Join(e2e.Testdata(t), "photos", "cat.jpg"))
	keys := []string{"a b.jpg", "100%.jpg", "a+b.jpg", "%41.jpg", "Kätzchen/猫 🐈.jpg", "a?b#c&d=e.jpg", "q\"'<>\\.jpg", "semi;colon:at@.jpg"}
	for _, key := range keys {
		file := filepath.Join(pictures, filepath.FromSlash(key))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := e2e.Serve(t, "--source", "/=file:"+pictures, "--cache", cache, "--accel", "/cache/", "--preset", "cache=60x60", "--preset", "healthz=61x")
	front := e2e.Nginx(t, s, cache, nil)
	for _, key := range keys {
		path := variant.Path{Ops: "120x80", Key: variant.Key(key)}.String()
		for _, want := range []string{e2e.MissStored, e2e.HitDisk} {
			r := e2e.Get(t, front+path)
			e2e.WantPicture(t, r, 120, 80, "jpeg")
			e2e.WantCache(t, r, want)
		}
	}
	// Spellings that a proxy may change: escaped where it need not be, and not
	// where it might.
	for _, path := range []string{"/120x80/%61%20b.jpg", "/120x80/a+b.jpg", "/120x80/a%2Bb.jpg", "/120x80/%2541.jpg", "/%31%32%30x80/100%25.jpg", "/120x80/K%C3%A4tzchen%2F%E7%8C%AB%20%F0%9F%90%88.jpg"} {
		r := e2e.Get(t, front+path)
		e2e.WantPicture(t, r, 120, 80, "jpeg")
		e2e.WantCache(t, r, e2e.HitDisk)
	}
	for _, tt := range []struct {
		path   string
		status int
		kind   string
		detail string
	}{
		{"/120x80//a%20b.jpg", 400, "bad-key", "empty segment"},
		{"//120x80/a%20b.jpg", 400, "bad-options", "empty"},
		{"/120x80/K%C3%A4tzchen//x.jpg", 400, "bad-key", "empty segment"},
		{"/120x80/none.jpg", 404, "not-found", ""},
		{"/120x80/%ff", 400, "bad-key", "UTF-8"},
		{"/120y80/a%20b.jpg", 400, "bad-options", "120y80"},
		{"/120x80,wm_logo/a%20b.jpg", 400, "bad-options", "watermark"},
		{"/cache/derivatives/000/", 400, "bad-key", ""},
	} {
		r := e2e.Get(t, front+tt.path)
		e2e.WantProblem(t, tt.path, r, tt.status, tt.kind, tt.detail)
		direct := e2e.Get(t, s.URL+tt.path)
		if withoutID(r.Body) != withoutID(direct.Body) {
			t.Errorf("%s: through nginx %s, direct %s", tt.path, r.Body, direct.Body)
		}
	}
	e2e.WantProblem(t, "POST", e2e.Ask(t, http.MethodPost, front+"/120x80/a%20b.jpg"), 405, "method", "")
	// A preset of the internal location's name is none the worse for it.
	e2e.WantPicture(t, e2e.Get(t, front+"/cache/a%20b.jpg"), 60, 60, "jpeg")
	if r := e2e.Get(t, front+"/healthz"); r.Status != 200 || !strings.Contains(string(r.Body), "ok") {
		t.Errorf("health: %d %s", r.Status, r.Body)
	}
	e2e.WantPicture(t, e2e.Get(t, front+"/healthz/a%20b.jpg"), 61, 76, "jpeg")
}

// withoutID is a problem document without its request ID.
func withoutID(body []byte) string {
	before, _, _ := strings.Cut(string(body), `"request_id"`)
	return before
}

// One URL has three representations, each with its own headers.
func TestNginxAuto(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", cache, "--accel", "/cache/")
	front := e2e.Nginx(t, s, cache, nil)
	for _, cacheStatus := range []string{e2e.MissStored, e2e.HitDisk} {
		for accept, mediaType := range map[string]string{
			"image/*,*/*;q=0.8":                     "image/jpeg",
			"image/webp,image/apng,*/*;q=0.8":       "image/webp",
			"image/avif,image/webp,image/*,*/*;q=0": "image/avif",
		} {
			r := e2e.Get(t, front+"/200x,f_auto/photos/coast.jpg", "Accept", accept, "Cookie", "a=b")
			format, ok := header.Sniff(r.Body)
			if r.Status != 200 || !ok || header.MediaType(format) != mediaType {
				t.Fatalf("%s: status %d, %v", accept, r.Status, format)
			}
			for name, want := range map[string]string{"Content-Type": mediaType, "Vary": "Accept, Save-Data", "Cache-Status": cacheStatus, "Content-Length": strconv.Itoa(len(r.Body))} {
				if got := strings.Join(r.Header.Values(name), " + "); got != want {
					t.Errorf("%s: %s is %q, want %q", accept, name, got, want)
				}
			}
			head := e2e.Ask(t, http.MethodHead, front+"/200x,f_auto/photos/coast.jpg", "Accept", accept)
			if head.Header.Get("ETag") != r.Header.Get("ETag") || head.Header.Get("Content-Type") != mediaType || len(head.Body) != 0 {
				t.Errorf("%s: HEAD %v", accept, head.Header)
			}
		}
	}
	if direct := e2e.Get(t, s.URL+"/200x,f_auto/photos/coast.jpg", "Accept", "image/webp"); direct.Header.Get("X-Request-Id") == "" {
		t.Error("no request id")
	}
	given := e2e.Get(t, front+"/200x,f_auto/photos/coast.jpg").Header.Get("X-Request-Id")
	if len(given) != 32 {
		t.Errorf("request id %q is not nginx's", given)
	}
}

// A file that is missing when nginx opens it is made again within the request.
func TestNginxRegenerates(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", cache, "--accel", "/cache/", "--tag-header", "Cache-Tag", "--tag-header", "Surrogate-Key", "--tag-header", "xkey")
	// An internal location that never finds anything: as if every file were
	// purged just then.
	front := e2e.Nginx(t, s, cache, func(conf string) string {
		return strings.Replace(conf, "alias "+cache+"/;", "alias "+cache+"/nowhere/;", 1)
	})
	const path = "/300x200,f_auto/photos/cat.jpg"
	first := e2e.Get(t, front+path)
	e2e.WantPicture(t, first, 300, 200, "jpeg")
	wantTags(t, first, "photos/cat.jpg")
	for _, name := range []string{"X-Accel-Redirect", "X-Thumbery-No-Accel"} {
		if first.Header.Get(name) != "" {
			t.Errorf("the client sees %s", name)
		}
	}
	if first.Header.Get("Vary") != "Accept, Save-Data" || first.Header.Get("X-Request-Id") == "" || first.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers %v", first.Header)
	}
	// Its tag is the one that nginx would give, and it is good for conditions.
	tag := first.Header.Get("ETag")
	if want := nginxTag(t, cache); tag != want {
		t.Errorf("tag %q, nginx's is %q", tag, want)
	}
	if again := e2e.Get(t, front+path, "If-None-Match", tag); again.Status != http.StatusNotModified {
		t.Errorf("with its own tag: %d", again.Status)
	}
	part := e2e.Get(t, front+path, "Range", "bytes=10-19", "If-Range", tag)
	if part.Status != http.StatusPartialContent || !bytes.Equal(part.Body, first.Body[10:20]) {
		t.Errorf("range: %d, %d bytes", part.Status, len(part.Body))
	}
	if head := e2e.Ask(t, http.MethodHead, front+path); head.Status != 200 || head.Header.Get("Content-Length") != strconv.Itoa(len(first.Body)) {
		t.Errorf("HEAD: %d %v", head.Status, head.Header)
	}
	webp := e2e.Get(t, front+path, "Accept", "image/webp")
	e2e.WantPicture(t, webp, 300, 200, "webp")
	key := e2e.Get(t, front+"/raw/photos/cat.jpg")
	if !bytes.Equal(key.Body, e2e.Read(t, filepath.Join(e2e.Testdata(t), "photos", "cat.jpg"))) {
		t.Errorf("raw: %d, %d bytes", key.Status, len(key.Body))
	}
	// The header X-Thumbery-No-Accel of a client does not reach Thumbery.
	if r := e2e.Get(t, front+path, "X-Thumbery-No-Accel", "1"); r.Status != 200 || !bytes.Equal(r.Body, first.Body) {
		t.Errorf("with the header of a client: %d", r.Status)
	}
}

// nginxTag is the ETag that nginx gives to the one derivative in a cache.
func nginxTag(t *testing.T, cache string) string {
	t.Helper()
	kept := e2e.Files(t, filepath.Join(cache, "derivatives"))
	if len(kept) != 1 {
		t.Fatalf("%d derivatives", len(kept))
	}
	info, err := os.Stat(kept[0])
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`"%x-%x"`, info.ModTime().Unix(), info.Size())
}

// TLS and HTTP/2 are in the file, commented out, and work.
func TestNginxTLS(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	certificate, key := selfSigned(t)
	secure := e2e.FreeAddress(t)
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", cache, "--accel", "/cache/")
	e2e.Nginx(t, s, cache, func(conf string) string {
		conf = strings.ReplaceAll(conf, "#tls ", "")
		return strings.NewReplacer(
			"listen 443 ssl", "listen "+secure+" ssl",
			"/etc/ssl/thumbery/fullchain.pem", certificate, "/etc/ssl/thumbery/privkey.pem", key,
		).Replace(conf)
	})
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true,
	}}
	defer client.CloseIdleConnections()
	for range 2 {
		r, err := client.Get("https://" + secure + "/300x200/photos/cat.jpg")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || r.ProtoMajor != 2 {
			t.Errorf("%s, %v", r.Proto, err)
		}
		e2e.WantPicture(t, e2e.Response{Status: r.StatusCode, Header: r.Header, Body: body}, 300, 200, "jpeg")
	}
}

// selfSigned writes a self-signed certificate and its key to two files.
func selfSigned(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	public, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate, key = filepath.Join(dir, "certificate.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{
		certificate: {Type: "CERTIFICATE", Bytes: public}, key: {Type: "PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}
