package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/minio"
)

// priming is a thumbery prime that runs.
type priming struct {
	cmd         *exec.Cmd
	said, wrote bytes.Buffer
}

// prime starts the program with keys on its standard input.
func prime(t *testing.T, keys []string, args ...string) *priming {
	t.Helper()
	p := &priming{cmd: exec.Command(binary, append([]string{"prime", "--json"}, args...)...)}
	p.cmd.Stdin = strings.NewReader(strings.Join(keys, "\n"))
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.wrote
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

// primed is the summary of thumbery prime --json.
type primed struct {
	Pictures, Made, There, Failed int
	NotPictures                   int `json:"not_pictures"`
	Complete                      bool
}

// end waits for the end, which must be with that status.
func (p *priming) end(t *testing.T, status int) (s primed) {
	t.Helper()
	_ = p.cmd.Wait()
	if err := json.Unmarshal(p.said.Bytes(), &s); err != nil || p.cmd.ProcessState.ExitCode() != status {
		t.Fatalf("status %d, want %d; %v: %s%s", p.cmd.ProcessState.ExitCode(), status, err, &p.said, &p.wrote)
	}
	if strings.Contains(p.wrote.String(), "DATA RACE") {
		t.Errorf("data race\n%s", &p.wrote)
	}
	return s
}

func escaped(key string) string { return (&url.URL{Path: key}).EscapedPath() }

// Accept headers of browsers, and of none.
var accepts = []string{"image/avif,image/webp,*/*", "image/webp,*/*", "*/*"}

// wantPrimed asks for each of paths as every browser does, and none may have to be
// made.
func (s *server) wantPrimed(t *testing.T, keys []string, ops ...string) {
	t.Helper()
	for _, key := range keys {
		for _, ops := range ops {
			for _, accept := range accepts {
				r := get(t, s.url+"/"+ops+"/"+escaped(key), "Accept", accept)
				if status := r.header.Get("Cache-Status"); r.status != 200 || !strings.HasPrefix(status, "thumbery;hit") {
					t.Fatalf("%s of %s for %s: %d %s", ops, key, accept, r.status, status)
				}
			}
		}
	}
}

// A bucket is primed by a server that goes on serving, and by a process of its own:
// afterwards every request is a hit.
func TestPrime(t *testing.T) {
	objects := map[string][]byte{"notes.txt": []byte("no picture")}
	var keys []string
	for i, photo := range []string{"cat", "coast", "lake"} {
		key := fmt.Sprintf("in/%d %s ü.jpg", i, photo)
		keys = append(keys, key)
		objects[key] = read(t, filepath.Join(testdata(t), "photos", photo+".jpg"))
	}
	store, args := s3(t, objects)
	args = append(args, "--no-sync", "--preset", "thumb=60x40", "--preset", "card=120x,f_auto", "--format", "auto", "--quality", "webp=50")
	s := serve(t, args...)
	t.Run("Server", func(t *testing.T) { testPrimeServer(t, s, keys) })
	t.Run("Stopped", func(t *testing.T) { testPrimeStopped(t, s) })
	s.stop(t)
	t.Run("Here", func(t *testing.T) {
		args := append(args, "--cache", t.TempDir())
		testPrimeHere(t, store, args, keys)
	})
}

// testPrimeServer: the work goes through the admin listener, and live requests
// beside it are answered.
func testPrimeServer(t *testing.T, s *server, keys []string) {
	ended := make(chan struct{})
	var live sync.WaitGroup
	for i := range 2 {
		live.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-ended:
					return
				default:
				}
				r, err := do(http.MethodGet, fmt.Sprintf("%s/%dx,q_33/%s", s.url, 20+2*n+i, escaped(keys[n%len(keys)])))
				if err != nil || r.status != 200 {
					t.Errorf("beside it: %d, %v", r.status, err)
					return
				}
			}
		})
	}
	got := prime(t, keys, "--server", s.admin, "--preset-all", "--all-formats").end(t, 0)
	close(ended)
	live.Wait()
	if got.Pictures != len(keys) || got.Made != 6*len(keys) || !got.Complete {
		t.Errorf("%+v", got)
	}
	s.wantPrimed(t, keys, "thumb", "card")
	if got = prime(t, keys, "--server", s.admin, "--preset-all", "--all-formats").end(t, 0); got.There != 6*len(keys) {
		t.Errorf("again: %+v", got)
	}
}

// testPrimeStopped: SIGINT stops the job, and another run goes on.
func testPrimeStopped(t *testing.T, s *server) {
	args := []string{"--server", s.admin, "--prefix", "in/"}
	for side := range 20 {
		args = append(args, "--ops", fmt.Sprintf("%dx,f_avif", 200+side))
	}
	p := prime(t, nil, args...)
	var job struct {
		State, Reason string
		Made          int
	}
	eventually(t, "it has begun", func() bool {
		return json.Unmarshal(primeJob(t, s), &job) == nil && job.State == "running" && job.Made > 3
	})
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	before := p.end(t, 1)
	if before.Complete || before.Made < 3 || !strings.Contains(p.wrote.String(), "run it again to go on") {
		t.Errorf("stopped: %+v, %s", before, &p.wrote)
	}
	if err := json.Unmarshal(primeJob(t, s), &job); err != nil || job.State != "stopped" || job.Made != before.Made {
		t.Errorf("the job: %+v, %v; %+v was told", job, err, before)
	}
	after := prime(t, nil, args...).end(t, 0)
	if after.There < before.Made || after.There+after.Made != 20*after.Pictures || !after.Complete {
		t.Errorf("stopped at %+v, and then %+v", before, after)
	}
}

// primeJob is the latest job, as JSON; nil if there is none.
func primeJob(t *testing.T, s *server) []byte {
	t.Helper()
	var all struct{ Jobs []json.RawMessage }
	if err := json.Unmarshal(get(t, s.admin+"/jobs").body, &all); err != nil || len(all.Jobs) == 0 {
		t.Fatalf("no jobs: %v", err)
	}
	return all.Jobs[0]
}

// testPrimeHere: what a process of its own has made a server with the same flags
// has, with S3 gone.
func testPrimeHere(t *testing.T, store *minio.Server, args, keys []string) {
	what := append(args, "--preset-all", "--ops", "50x60,g_smart", "--ops", "70x,v_2", "--ops", "info", "--all-formats", "--prefix", "/")
	got := prime(t, nil, what...).end(t, 0)
	if got.Pictures != len(keys)+1 || got.NotPictures != 1 || got.There != 0 || !got.Complete {
		t.Errorf("%+v", got)
	}
	if again := prime(t, nil, what...).end(t, 0); again.Made != 0 || again.There != got.Made {
		t.Errorf("%+v, and again: %+v", got, again)
	}
	store.Stop()
	s := serve(t, args...)
	s.wantPrimed(t, keys, "thumb", "card", "50x60,g_smart", "70x,v_2", "info")
	if r := get(t, s.url+"/51x/none.jpg"); r.status != 503 {
		t.Errorf("S3 is not gone: %d", r.status)
	}
}
