package faults

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/thumbery/thumbery/e2e"
	"github.com/thumbery/thumbery/internal/testkit/hostile"
)

// worst are the files of the hostile corpus that ended the service, held a core or took
// gigabytes when pictures were made in the process that serves.
var worst = []string{
	"crash.svg", "blur10.svg", "use3.svg", "displace.svg", "chain300.svg", "mask200.svg", "elements.svg", "embedded.svg", "capitals.svg", "laughs.svg",
	"tiles.j2k", "palette.jp2", "offset.jp2", "leak.jp2", "jpeg2000.tif", "floats-wide.tif", "texts-50.png",
	"lie8k.heic", "crop64.heic", "grid-36.heic", "grid-3600.heic", "channels.jxl", "pages.pdf",
}

// TestHostile: with every format read, a hostile file gets one right answer, twice if it was
// not stopped because of the time it took, and costs nobody else anything: hits and misses in
// between are 200, from the same process.
// bench/hostile measures time and memory.
func TestHostile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("honest.jpg", e2e.Read(t, filepath.Join(e2e.Testdata(t), "odd", "trailing.jpg")))
	s := e2e.Serve(t, "--source", "/=file:"+dir, "--cache", t.TempDir(), "--jp2", "--pdf", "--resize-timeout", "4s")
	tried, found := 0, 0
	for _, f := range hostile.Corpus(os.DirFS(e2e.Testdata(t))) {
		if !slices.Contains(worst, f.Name) {
			continue
		}
		data, err := f.Data()
		if err != nil {
			t.Fatal(err)
		}
		write(f.Name, data)
		found++
		for range 2 {
			answer := make(chan e2e.Response, 1)
			go func() {
				r, err := e2e.Do("GET", fmt.Sprintf("%s/%s/%s", s.URL, f.Options, f.Name))
				if err != nil {
					t.Errorf("%s: %v", f.Name, err)
				}
				answer <- r
			}()
			tried++
			for _, ops := range []string{"200x", fmt.Sprintf("%dx", 20+tried), "200x"} {
				if r := e2e.Get(t, s.URL+"/"+ops+"/honest.jpg"); r.Status != 200 {
					t.Errorf("beside %s, %s: %d %s", f.Name, ops, r.Status, r.Body)
				}
			}
			r := <-answer
			t.Logf("%s: %d", f.Name, r.Status)
			if !f.Answered(r.Status) {
				t.Errorf("%s: %d %.300s, want one of %v", f.Name, r.Status, r.Body, f.Right)
			}
			if r.Status == http.StatusServiceUnavailable { // the same seconds again
				break
			}
		}
	}
	if found != len(worst) {
		t.Errorf("%d files of %d", found, len(worst))
	}
	if r := e2e.Get(t, s.Admin+"/healthz"); r.Status != 200 {
		t.Errorf("in the end: %d %s", r.Status, r.Body)
	}
}
