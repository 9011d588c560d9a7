package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// purge runs thumbery purge and returns what it says and its exit status.
func purge(t *testing.T, args ...string) (out []byte, status int) {
	t.Helper()
	cmd := exec.Command(binary, append([]string{"purge"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out, cmd.ProcessState.ExitCode()
}

// A picture that another process forgets is forgotten by a running server, too,
// which has it in memory.
func TestPurgeBesideServer(t *testing.T) {
	cache := t.TempDir()
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", cache)
	for _, key := range []string{"photos/cat.jpg", "photos/coast.jpg", "odd/gray.jpg"} {
		get(t, s.url+"/30x/"+key)
		get(t, s.url+"/40x/"+key)
	}
	if out, status := purge(t, "--cache", cache, "--source", "photos/cat.jpg"); status != 0 {
		t.Fatalf("%d %s", status, out)
	}
	s.wantForgotten(t, "/30x/photos/cat.jpg")
	wantCache(t, get(t, s.url+"/30x/photos/coast.jpg"), hitMemory)
	if out, status := purge(t, "--cache", cache, "--prefix", "photos/"); status != 0 {
		t.Fatalf("%d %s", status, out)
	}
	s.wantForgotten(t, "/40x/photos/coast.jpg")
	wantCache(t, get(t, s.url+"/40x/odd/gray.jpg"), hitMemory)

	if out, status := purge(t, "--cache", cache, "--max-files", "1000000"); status != 0 {
		t.Fatalf("%d %s", status, out)
	}
	var stock struct {
		Counted                struct{ Time time.Time }
		Originals, Derivatives struct{ Files, Bytes int64 }
	}
	counted := func() {
		t.Helper()
		if err := json.Unmarshal(get(t, s.admin+"/cache").body, &stock); err != nil {
			t.Fatal(err)
		}
	}
	counted()
	derivatives := int64(len(files(t, filepath.Join(cache, "derivatives"))))
	if stock.Counted.Time.IsZero() || stock.Derivatives.Files != derivatives || stock.Derivatives.Bytes == 0 {
		t.Errorf("GET /cache says %+v, there are %d derivatives", stock, derivatives)
	}
	get(t, s.url+"/50x/odd/gray.jpg")
	if counted(); stock.Derivatives.Files != derivatives+1 {
		t.Errorf("after one more GET /cache says %+v", stock)
	}
}

// wantForgotten asks until the answer is a miss, which must come within the
// second that the memory tier trusts itself.
func (s *server) wantForgotten(t *testing.T, path string) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 100 {
		if get(t, s.url+path).header.Get("Cache-Status") == missStored {
			return
		}
		<-tick.C
	}
	t.Errorf("%s is still there", path)
}

// plant puts n derivatives of a source into the cache that were last used long
// ago.
func plant(t *testing.T, cache, source string, picture []byte, n int) {
	t.Helper()
	long := time.Now().Add(-100 * 24 * time.Hour)
	for range n {
		path := filepath.Join(cache, "derivatives", source[:3], fmt.Sprintf("%s-%024x", source, rand.Uint64()))
		if err := os.WriteFile(path, picture, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, long, long); err != nil {
			t.Fatal(err)
		}
	}
}
