package proxy

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/e2e"
	"github.com/thumbery/thumbery/variant"
)

// With --sendfile-header the path of the file is in that header, percent-encoded as
// lighttpd and mod_xsendfile expect it.
func TestSendfileHeader(t *testing.T) {
	t.Parallel()
	cache := filepath.Join(t.TempDir(), "with space & 100%")
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", cache, "--sendfile-header", "x-sendfile")
	const path = "/300x200/photos/cat.jpg"
	whole := e2e.Get(t, s.URL+path, "X-Thumbery-No-Accel", "1")
	e2e.WantPicture(t, whole, 300, 200, "jpeg")
	if whole.Header.Get("ETag") != "" {
		t.Errorf("a tag of our own: %v", whole.Header)
	}
	for range 2 {
		r := e2e.Get(t, s.URL+path)
		value := r.Header.Get("X-Sendfile")
		if r.Status != 200 || len(r.Body) != 0 || r.Header.Get("Content-Type") != "image/jpeg" || !strings.Contains(value, "with%20space%20&%20100%25/derivatives/") {
			t.Errorf("status %d, %d bytes, %q", r.Status, len(r.Body), value)
		}
		if !bytes.Equal(e2e.Read(t, unescape(t, value)), whole.Body) {
			t.Error("the file is not the picture")
		}
	}
	e2e.WantProblem(t, "an error", e2e.Get(t, s.URL+"/300x/photos/none.jpg"), 404, "not-found", "")
}

func unescape(t *testing.T, s string) string {
	t.Helper()
	path, err := url.PathUnescape(s)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// A real lighttpd sends the file.
func TestLighttpd(t *testing.T) {
	t.Parallel()
	program := e2e.Tool(t, "lighttpd", "lighttpd")
	cache := t.TempDir()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", cache, "--sendfile-header", "X-Sendfile", "--tag-header", "Cache-Tag")
	front := lighttpd(t, program, s, cache, nil)
	const path = "/300x200,f_auto/photos/cat.jpg"
	for range 2 {
		r := e2e.Get(t, front+path)
		e2e.WantPicture(t, r, 300, 200, "jpeg")
		if got := r.Header.Get("Vary"); got != "Accept, Save-Data" {
			t.Errorf("Vary %q", got)
		}
		if tag := r.Header.Get("Cache-Tag"); tag != string(variant.Key("photos/cat.jpg").Name()) {
			t.Errorf("the tag is %q", tag)
		}
		if r.Header.Get("X-Sendfile") != "" {
			t.Error("the client sees the path")
		}
		part := e2e.Get(t, front+path, "Range", "bytes=10-19")
		if part.Status != http.StatusPartialContent || !bytes.Equal(part.Body, r.Body[10:20]) {
			t.Errorf("range: %d, %d bytes", part.Status, len(part.Body))
		}
		if head := e2e.Ask(t, http.MethodHead, front+path); head.Status != 200 || head.Header.Get("Content-Length") != strconv.Itoa(len(r.Body)) {
			t.Errorf("HEAD: %d %v", head.Status, head.Header)
		}
	}
	e2e.WantProblem(t, "an error through lighttpd", e2e.Get(t, front+"/300x/photos/none.jpg"), 404, "not-found", "")
}

// lighttpd starts deploy/lighttpd.conf in front of s, changed by edit if that is not nil,
// and returns its URL.
func lighttpd(t *testing.T, program string, s *e2e.Server, cache string, edit func(string) string) string {
	t.Helper()
	thumberyHost, thumberyPort, _ := strings.Cut(strings.TrimPrefix(s.URL, "http://"), ":")
	conf := string(e2e.Read(t, "../../deploy/lighttpd.conf"))
	for _, change := range [][2]string{
		{`"host" => "127.0.0.1", "port" => 8080`, fmt.Sprintf(`"host" => "%s", "port" => %s`, thumberyHost, thumberyPort)},
		{`"/var/cache/thumbery"`, `"` + cache + `"`},
	} {
		if strings.Count(conf, change[0]) != 1 {
			t.Fatalf("deploy/lighttpd.conf has not exactly one %q", change[0])
		}
		conf = strings.Replace(conf, change[0], change[1], 1)
	}
	if edit != nil {
		conf = edit(conf)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "lighttpd.conf")
	return "http://" + startProxy(t, func(address string) *exec.Cmd {
		host, port, _ := strings.Cut(address, ":")
		text := fmt.Sprintf("server.document-root = %q\nserver.bind = %q\nserver.port = %s\n", dir, host, port) + conf
		e2e.Must(t, os.WriteFile(file, []byte(text), 0o644))
		return exec.Command(program, "-D", "-f", file)
	}, func(address string) bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}
