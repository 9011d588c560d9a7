package program

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestStart(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	if _, err := Start(filepath.Join(t.TempDir(), "socket"), nil, sh, "-c", "echo no luck; exit 3"); err == nil ||
		!strings.Contains(err.Error(), "no luck") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("a program that ends: %v", err)
	}
}

func TestUsage(t *testing.T) {
	pid := os.Getpid()
	before, err := CPU(pid)
	if err != nil {
		t.Skip(err)
	}
	began := time.Now()
	after := before
	for after < before+20*time.Millisecond { // until some was used
		if after, err = CPU(pid); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); after-before > 100*took+time.Second {
		t.Errorf("%v of CPU time in %v", after-before, took)
	}
	resident, err := ResidentMiB(pid)
	if err != nil {
		t.Fatal(err)
	}
	if peak := Watch(pid).PeakMiB(); resident < 1 || peak < resident/2 {
		t.Errorf("%v MiB, at most %v", resident, peak)
	}
	if peak := WatchPSS(pid).PeakMiB(); peak < 1 || peak > 2*resident {
		t.Errorf("%v MiB, in proportion %v", resident, peak)
	}
}

func TestParseWrk(t *testing.T) {
	const said = "  2 threads\n  305 requests in 1.00s, 2.1MB read\nRequests/sec:    304.50\nTransfer/sec: 2MB\n"
	if a, err := parseWrk(said); err != nil || a != (Answered{305, 304.5}) {
		t.Errorf("%+v, %v", a, err)
	}
	for _, bad := range []string{"", said + "  Non-2xx or 3xx responses: 5\n", said + "  Socket errors: connect 1\n"} {
		if a, err := parseWrk(bad); err == nil {
			t.Errorf("%q is %+v", bad, a)
		}
	}
}
