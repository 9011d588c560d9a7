package serve

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/e2e"

	"github.com/thumbery/thumbery/internal/testkit/odd"
)

// bombMemory is how much the server's memory may grow while it answers bombs, in MiB. The
// smallest of them would need some 10 GiB.
const bombMemory = 300

// Small files that would be huge when decoded are refused by their headers.
func TestBombs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bombs := map[string][]byte{
		"huge.png":   e2e.Read(t, filepath.Join(e2e.Testdata(t), "odd", "bomb.png")),
		"huge.webp":  e2e.Read(t, filepath.Join(e2e.Testdata(t), "odd", "huge.webp")),
		"huge.avif":  e2e.Read(t, filepath.Join(e2e.Testdata(t), "odd", "huge.avif")),
		"huge.tif":   e2e.Read(t, filepath.Join(e2e.Testdata(t), "odd", "huge.tif")),
		"scans.jpg":  odd.ManyScans(1000, 1000, 2000),
		"frames.gif": odd.ManyFrames(100_000),
		"laughs.svg": odd.Laughs(30),
	}
	for name, b := range bombs {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := e2e.Serve(t, "--source", "/=file:"+dir, "--cache", t.TempDir(), "--svg")
	before := peakOfBombs(t, s)
	for name, b := range bombs {
		for _, ops := range []string{"100x100", "300x,f_webp", "info"} {
			r := e2e.Get(t, fmt.Sprintf("%s/%s/%s", s.URL, ops, name))
			if r.Status != 422 {
				t.Errorf("%s of %d bytes, %s: %d %s", name, len(b), ops, r.Status, r.Body)
			}
		}
	}
	if metrics := e2e.Get(t, s.Admin+"/metrics"); strings.Contains(string(metrics.Body), "thumbery_resize_seconds_count{") {
		t.Error("bombs came to the engine")
	}
	// These are good pictures, with a bomb in what nobody needs.
	for _, name := range []string{"ztxt-bomb.png", "iccp-bomb.png"} {
		b := e2e.Read(t, filepath.Join(e2e.Testdata(t), "odd", name))
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
		if r := e2e.Get(t, s.URL+"/10x/"+name); r.Status != 200 && r.Status != 422 {
			t.Errorf("%s: %d %s", name, r.Status, r.Body)
		}
	}
	if grown := peakOfBombs(t, s) - before; grown > bombMemory {
		t.Errorf("memory grew by %d MiB", grown)
	}
}

// peak is the most memory that s has held so far, in MiB.
func peakOfBombs(t *testing.T, s *e2e.Server) int {
	t.Helper()
	var kib int
	for line := range strings.Lines(string(e2e.Read(t, fmt.Sprintf("/proc/%d/status", s.Cmd.Process.Pid)))) {
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
			return kib >> 10
		}
	}
	t.Skip("this system does not say how much memory a process has held")
	return 0
}
