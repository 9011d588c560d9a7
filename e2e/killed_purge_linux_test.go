package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/thumbery/thumbery/cache/disk"
)

// planted is how many old derivatives there are for each purge that is killed.
const planted = 300

// purging are the failpoints of a purge, and how many of the planted files are
// gone when it is killed there.
var purging = []struct {
	point string
	gone  int
}{
	{"directory read", 0},
	{"file removed", 1},
	{"file removed:150", 150},
	{"file removed:300", planted},
	{"replacement written", planted}, // of the journal, from here on
	{"replacement synced", planted},
	{"replacement renamed", planted},
	{"replacement written:2", planted}, // of the census
	{"replacement synced:2", planted},
	{"replacement renamed:2", planted},
}

// A purge that is killed at any step leaves nothing that is not whole, and the
// next one goes on, beside a server that does not notice.
func TestKilledWhilePurging(t *testing.T) {
	t.Parallel()
	const old, beside = "photos/cat.jpg", "photos/coast.jpg"
	c := newCrash(t, old, beside)
	s := serve(t, c.args...)
	picture := get(t, s.url+"/40x/"+old).body
	for i, step := range purging {
		t.Run(step.point, func(t *testing.T) {
			noteUnused(t, c.dir, old)
			plant(t, c.dir, nameOf(old), picture, planted)
			before := len(files(t, filepath.Join(c.dir, disk.Derivatives)))
			p := startUntil(t, step.point, "purge", "--cache", c.dir, "--older-than", "1d")
			p.awaitStop(t)
			if r, err := do(http.MethodGet, fmt.Sprintf("%s/40x,bg_%06x/%s", s.url, i, old)); err != nil || r.status != 200 {
				t.Errorf("the server beside it: %d, %v", r.status, err)
			}
			p.kill(t)
			c.check(t)
			c.wantFiles(t, disk.Derivatives, before-step.gone+1)
			wantPurged(t, c.dir)
		})
	}
	wantPicture(t, get(t, s.url+"/300x200/"+beside), 300, 200, "jpeg")
	c.recover(t)
}

// noteUnused adds old lines to the part of the journal that a key belongs to, of
// pictures that are not there, so that a purge writes it anew.
func noteUnused(t *testing.T, dir, key string) {
	t.Helper()
	path := filepath.Join(dir, "keys", nameOf(key)[:2])
	for i := 0; len(read(t, path)) < 1000; i++ {
		if unused := fmt.Sprintf("unused/%d", i); nameOf(unused)[:2] == nameOf(key)[:2] {
			appendLine(t, path, fmt.Sprintf("\n%d %q", time.Now().Add(-24*time.Hour).Unix(), unused))
		}
	}
}

func appendLine(t *testing.T, path, line string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(line)
	if closeErr := f.Close(); err != nil || closeErr != nil {
		t.Fatal(err, closeErr)
	}
}

// wantPurged purges, and looks for what is to be gone then.
func wantPurged(t *testing.T, dir string) {
	t.Helper()
	if out, status := purge(t, "--cache", dir, "--older-than", "1d"); status != 0 {
		t.Errorf("afterwards: %d %s", status, out)
	}
	for _, path := range files(t, filepath.Join(dir, disk.Derivatives)) {
		if info, err := os.Stat(path); err != nil || accessed(info).Before(time.Now().Add(-24*time.Hour)) {
			t.Errorf("%s is old and still there, %v", path, err)
		}
	}
}
