package e2e

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nginx starts a real nginx with deploy/nginx.conf in front of s, and returns
// its URL. Only the three places that the file says to change are changed.
func nginx(t *testing.T, s *server, cache string) string {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx"
	}
	address := freeAddress(t)
	conf := string(read(t, "../deploy/nginx.conf"))
	for _, change := range [][2]string{
		{"server 127.0.0.1:8080;", "server " + strings.TrimPrefix(s.url, "http://") + ";"},
		{"listen 80;", "listen " + address + ";"},
		{"alias /var/cache/thumbery/;", "alias " + cache + "/;"},
	} {
		if strings.Count(conf, change[0]) != 1 {
			t.Fatalf("deploy/nginx.conf has not exactly one %q", change[0])
		}
		conf = strings.Replace(conf, change[0], change[1], 1)
	}
	dir := t.TempDir()
	main := fmt.Sprintf(`daemon off; pid %[1]s/pid; error_log stderr; %[2]s
events { worker_connections 256; }
http {
	access_log off;
	client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
%[3]s
}
`, dir, nginxUser(t), conf)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(main), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-c", file, "-e", "stderr")
	log := &logBuffer{lines: make(chan string)}
	cmd.Stderr = log
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // its workers, too
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("nginx:\n%s", log)
		}
	})
	waitForPort(t, address)
	return "http://" + address
}

// nginxUser keeps nginx's workers from becoming another user than the one whose
// temporary directories it is to read.
func nginxUser(t *testing.T) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if u.Uid == "0" {
		return "user root;"
	}
	return ""
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func waitForPort(t *testing.T, address string) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return
		}
		<-tick.C
	}
	t.Fatalf("nothing listens at %s", address)
}

// With --accel the picture is sent by nginx, with its own conditions and
// ranges, and the headers that nginx would drop are kept.
func TestAccel(t *testing.T) {
	cache := t.TempDir()
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", cache, "--accel", "/cache/", "--cors", "https://example.com")
	front := nginx(t, s, cache)
	const path = "/300x200,f_auto/photos/cat.jpg"

	direct := get(t, s.url+path)
	if direct.header.Get("X-Accel-Redirect") == "" || len(direct.body) != 0 {
		t.Errorf("thumbery does not hand over: %v, %d bytes", direct.header, len(direct.body))
	}
	r := get(t, front+path)
	wantPicture(t, r, 300, 200, "jpeg")
	for name, want := range map[string]string{
		"Cache-Status": hitDisk, "Vary": "Accept, Origin", "Access-Control-Allow-Origin": "https://example.com",
		"X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=2592000, immutable",
		"X-Accel-Redirect": "", "Content-Length": strconv.Itoa(len(r.body)),
	} {
		if got := strings.Join(r.header.Values(name), " + "); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if !strings.Contains(r.header.Get("Server"), "nginx") || r.header.Get("X-Request-Id") == "" {
		t.Errorf("headers %v", r.header)
	}

	// nginx's own tag: of mtime and size, which are the origin's.
	tag := r.header.Get("ETag")
	if tag == "" || tag == get(t, front+"/301x200/photos/cat.jpg").header.Get("ETag") {
		t.Errorf("the tag is %q, and that of another picture too", tag)
	}
	for _, condition := range [][2]string{{"If-None-Match", tag}, {"If-Modified-Since", r.header.Get("Last-Modified")}} {
		if again := get(t, front+path, condition[0], condition[1]); again.status != http.StatusNotModified || again.header.Get("Vary") != "Accept, Origin" {
			t.Errorf("%s: %d %v", condition[0], again.status, again.header)
		}
	}
	part := get(t, front+path, "Range", "bytes=10-19")
	if part.status != http.StatusPartialContent || string(part.body) != string(r.body[10:20]) {
		t.Errorf("range: %d, %d bytes", part.status, len(part.body))
	}
	if head := ask(t, http.MethodHead, front+path); head.status != 200 || head.header.Get("Content-Length") != strconv.Itoa(len(r.body)) {
		t.Errorf("HEAD: %d %v", head.status, head.header)
	}
	webp := get(t, front+path, "Accept", "image/webp")
	wantPicture(t, webp, 300, 200, "webp")
	wantProblem(t, "an error through nginx", get(t, front+"/300x/photos/none.jpg"), 404, "not-found", "")
	if r := get(t, front+"/cache/derivatives/"); r.status != 400 && r.status != 404 {
		t.Errorf("the internal location answers %d", r.status)
	}
	wantPicture(t, get(t, front+"/raw/photos/cat.jpg"), 1600, 2000, "jpeg")
}
