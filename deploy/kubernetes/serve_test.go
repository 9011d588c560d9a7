package kubernetes_test

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
)

const token = "a-token-of-this-test-and-of-nothing-else"

// TestServe starts thumbery with the arguments of the chart, and asks it what the probes and
// Prometheus ask.
func TestServe(t *testing.T) {
	all := render(t, "values-3.yaml", "nodes.source={/=file:"+t.TempDir()+"}", "nodes.shared=s3://derived/thumbery?endpoint=http://127.0.0.1:9")
	container := all.nodes(t).Spec.Template.Spec.Containers[0]
	public, admin := freeAddress(t), freeAddress(t)
	args := append([]string{container.Command[1]}, container.Args...)
	// The last one counts, except for what may be there several times.
	args = append(args, "--listen="+public, "--admin="+admin, "--cache="+t.TempDir(), "--workers=1", "--drain=0s")
	started := serve(t, args)
	for _, p := range []*core.Probe{container.StartupProbe, container.ReadinessProbe, container.LivenessProbe} {
		awaitStatus(t, started, "http://"+admin+p.HTTPGet.Path, "", http.StatusOK)
	}
	awaitStatus(t, started, "http://"+admin+"/metrics", "", http.StatusUnauthorized)
	awaitStatus(t, started, "http://"+admin+"/metrics", token, http.StatusOK)
	awaitStatus(t, started, "http://"+public+"/", "", http.StatusBadRequest)
}

// serve starts what make build builds, and ends it with the test. The channel is closed when
// it has ended by itself.
func serve(t *testing.T, args []string) <-chan struct{} {
	t.Helper()
	dir := t.TempDir()
	// As the tests of the program build them, so that nothing but linking is left to do.
	for _, build := range [][]string{{"CGO_ENABLED=0", "-trimpath", "./cmd/thumbery"}, {"CGO_ENABLED=1", "-tags=failpoints", "./cmd/thumbery-worker"}} {
		cmd := exec.CommandContext(t.Context(), "go", "build", "-C", "../..", "-o", dir, build[1], build[2])
		cmd.Env = append(os.Environ(), build[0])
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", build, err, out)
		}
	}
	log := &strings.Builder{}
	cmd := exec.Command(filepath.Join(dir, "thumbery"), args...)
	cmd.Env = append(os.Environ(), "THUMBERY_ADMIN_TOKEN="+token, "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b")
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // the log says why
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-ended
		if t.Failed() {
			t.Logf("%q\n%s", args, log)
		}
	})
	return ended
}

// awaitStatus waits until an answer has the status.
func awaitStatus(t *testing.T, ended <-chan struct{}, url, token string, want int) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	for {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == want {
				return
			}
		}
		select {
		case <-ended:
			t.Fatalf("%s: thumbery has ended", url)
		case <-deadline:
			t.Fatalf("%s: %v, %v, want %d", url, res, err, want)
		case <-time.After(50 * time.Millisecond):
		}
	}
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

// Every flag of every case is one of thumbery serve: deploy/thumbery.toml lists them all,
// which a test of the program holds.
func TestFlagsExist(t *testing.T) {
	data, err := os.ReadFile("../thumbery.toml")
	if err != nil {
		t.Fatal(err)
	}
	settings := "\n" + string(data)
	perCase(t, func(t *testing.T, all manifests) {
		for _, arg := range all.nodes(t).Spec.Template.Spec.Containers[0].Args {
			name, _, _ := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
			if !strings.Contains(settings, "\n#"+name+" = ") {
				t.Errorf("%s: no such flag", arg)
			}
		}
	})
}
