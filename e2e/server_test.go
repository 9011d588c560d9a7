package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the program under test, built with the race detector by TestMain.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "thumbery-e2e-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "thumbery")
	build := exec.Command("go", "build", "-race", "-tags", "failpoints", "-o", binary, "../cmd/thumbery")
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		panic(fmt.Sprintf("building thumbery: %v", err))
	}
	os.Setenv("AWS_EC2_METADATA_DISABLED", "true") // no test asks the machine for its role
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// server is a running thumbery.
type server struct {
	url   string // of the public listener
	admin string
	cmd   *exec.Cmd
	log   *logBuffer
	done  chan error
}

// serve starts the program and waits until it listens. It is stopped when the
// test ends, and must then exit with 0 and without a data race.
func serve(t *testing.T, args ...string) *server {
	t.Helper()
	s := start(t, append([]string{"--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, args...)...)
	s.awaitAddresses(t)
	return s
}

// awaitAddresses waits until the program listens, and finds out where.
func (s *server) awaitAddresses(t *testing.T) {
	t.Helper()
	addresses := s.log.waitFor(t, regexp.MustCompile(`msg=listening address=(\S+)`), 2)
	s.url, s.admin = "http://"+addresses[0], "http://"+addresses[1]
	s.sortOut(t)
}

// start starts the program and does not wait.
func start(t *testing.T, args ...string) *server {
	t.Helper()
	return startCommand(t, append([]string{binary, "serve"}, args...))
}

func startCommand(t *testing.T, command []string, files ...*os.File) *server {
	t.Helper()
	s := &server{log: &logBuffer{lines: make(chan string, 4096)}, done: make(chan error, 1)}
	s.cmd = exec.Command(command[0], command[1:]...)
	s.cmd.Stderr = s.log
	s.cmd.ExtraFiles = files
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.done <- s.cmd.Wait()
		close(s.done)
		close(s.log.lines)
	}()
	t.Cleanup(func() { s.stop(t) })
	return s
}

// sortOut finds out which address is the admin's: both listeners start at once.
func (s *server) sortOut(t *testing.T) {
	t.Helper()
	if r := get(t, s.url+"/healthz"); r.status != http.StatusOK {
		return
	}
	s.url, s.admin = s.admin, s.url
}

func (s *server) stop(t *testing.T) {
	t.Helper()
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have gone already
	select {
	case err := <-s.done:
		if err != nil {
			t.Errorf("thumbery: %v\n%s", err, s.log)
		}
	case <-time.After(time.Minute):
		_ = s.cmd.Process.Kill()
		t.Errorf("thumbery did not stop\n%s", s.log)
	}
	if strings.Contains(s.log.String(), "DATA RACE") {
		t.Errorf("data race\n%s", s.log)
	}
}

// logBuffer keeps what the program says.
type logBuffer struct {
	mu    sync.Mutex
	all   bytes.Buffer
	part  []byte
	lines chan string
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all.Write(p)
	l.part = append(l.part, p...)
	for {
		i := bytes.IndexByte(l.part, '\n')
		if i < 0 {
			return len(p), nil
		}
		select {
		case l.lines <- string(l.part[:i]):
		default: // nobody waits for lines any more
		}
		l.part = l.part[i+1:]
	}
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// waitFor returns what the first group matches in the next n lines that match.
func (l *logBuffer) waitFor(t *testing.T, re *regexp.Regexp, n int) []string {
	t.Helper()
	var found []string
	deadline := time.After(2 * time.Minute) // on a busy machine, too
	for len(found) < n {
		select {
		case line, running := <-l.lines:
			if !running {
				t.Fatalf("thumbery ended without saying %v\n%s", re, l)
			}
			if m := re.FindStringSubmatch(line); m != nil {
				found = append(found, m[1])
			}
		case <-deadline:
			t.Fatalf("thumbery does not say %v\n%s", re, l)
		}
	}
	return found
}

func (l *logBuffer) waitForText(t *testing.T, text string) {
	t.Helper()
	l.waitFor(t, regexp.MustCompile("("+regexp.QuoteMeta(text)+")"), 1)
}

// response is an answer, read whole.
type response struct {
	status int
	header http.Header
	body   []byte
}

func get(t testing.TB, url string, headers ...string) response { return ask(t, "GET", url, headers...) }

func ask(t testing.TB, method, url string, headers ...string) response {
	t.Helper()
	r, err := do(method, url, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// client does not unpack, follow or ask for anything by itself.
var client = &http.Client{
	Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// do is for goroutines, which must not end the test.
func do(method, url string, headers ...string) (response, error) {
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		return response{}, err
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		return response{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return response{res.StatusCode, res.Header, body}, err
}

// metric reads one metric of the admin listener.
func (s *server) metric(t *testing.T, name string) float64 {
	t.Helper()
	value, ok := s.metricIfAny(t, name)
	if !ok {
		t.Fatalf("no metric %s", name)
	}
	return value
}

// metricIfAny reads one that may not be there before something is counted.
func (s *server) metricIfAny(t *testing.T, name string) (value float64, ok bool) {
	t.Helper()
	scan := bufio.NewScanner(bytes.NewReader(get(t, s.admin+"/metrics").body))
	for scan.Scan() {
		if rest, ok := strings.CutPrefix(scan.Text(), name+" "); ok {
			if _, err := fmt.Sscan(rest, &value); err != nil {
				t.Fatal(err)
			}
			return value, true
		}
	}
	return 0, false
}

// testdata is the directory of the pictures that come with the code.
func testdata(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("../testdata")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
