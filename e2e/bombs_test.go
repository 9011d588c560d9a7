package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/odd"
)

// bombMemory is what the server may grow by while it answers bombs, in MiB. The
// smallest of them would be some 10 GiB.
const bombMemory = 300

// Small files that would be large when decoded are answered by their headers.
func TestBombs(t *testing.T) {
	dir := t.TempDir()
	bombs := map[string][]byte{
		"huge.png":   read(t, filepath.Join(testdata(t), "odd", "bomb.png")),
		"huge.webp":  read(t, filepath.Join(testdata(t), "odd", "huge.webp")),
		"huge.avif":  read(t, filepath.Join(testdata(t), "odd", "huge.avif")),
		"huge.tif":   read(t, filepath.Join(testdata(t), "odd", "huge.tif")),
		"scans.jpg":  odd.ManyScans(1000, 1000, 2000),
		"frames.gif": odd.ManyFrames(100_000),
		"laughs.svg": odd.Laughs(30),
	}
	for name, b := range bombs {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := serve(t, "--source", "/=file:"+dir, "--cache", t.TempDir(), "--svg")
	before := peak(t, s)
	for name, b := range bombs {
		for _, ops := range []string{"100x100", "300x,f_webp", "info"} {
			r := get(t, fmt.Sprintf("%s/%s/%s", s.url, ops, name))
			if r.status != 422 {
				t.Errorf("%s of %d bytes, %s: %d %s", name, len(b), ops, r.status, r.body)
			}
		}
	}
	if metrics := get(t, s.admin+"/metrics"); strings.Contains(string(metrics.body), "thumbery_resize_seconds_count{") {
		t.Error("bombs came to the engine")
	}
	// These are good pictures, with a bomb in what nobody needs.
	for _, name := range []string{"ztxt-bomb.png", "iccp-bomb.png"} {
		b := read(t, filepath.Join(testdata(t), "odd", name))
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
		if r := get(t, s.url+"/10x/"+name); r.status != 200 && r.status != 422 {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	if grown := peak(t, s) - before; grown > bombMemory {
		t.Errorf("memory grew by %d MiB", grown)
	}
}

// peak is the most memory that s has held so far, in MiB.
func peak(t *testing.T, s *server) int {
	t.Helper()
	var kib int
	for line := range strings.Lines(string(read(t, fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid)))) {
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
			return kib >> 10
		}
	}
	t.Skip("this system does not say how much memory a process has held")
	return 0
}
