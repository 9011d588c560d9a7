package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
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

// purgeKills is how often a purge is killed.
const purgeKills = 50

// A purge that is killed leaves nothing that is not whole, and the next one
// goes on.
func TestKilledWhilePurging(t *testing.T) {
	cache := t.TempDir()
	originals := map[string][]byte{}
	const key = "photos/cat.jpg"
	originals[nameOf(key)] = read(t, filepath.Join(testdata(t), key))
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", cache)
	picture := get(t, s.url+"/40x/"+key).body
	seen := map[string]bool{}
	interrupted := 0
	for i := range purgeKills {
		plant(t, cache, nameOf(key), picture, 300)
		before := len(files(t, filepath.Join(cache, "derivatives")))
		cmd := exec.Command(binary, "purge", "--cache", cache, "--older-than", "1d")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.NewTimer(time.Duration(20+rand.IntN(400)) * time.Millisecond)
		<-timer.C // the moment of the accident
		_ = cmd.Process.Kill()
		if err := cmd.Wait(); err != nil && len(files(t, filepath.Join(cache, "derivatives"))) < before {
			interrupted++ // after it had begun to remove
		}
		checkCache(t, cache, originals, seen)
		if r, err := do(http.MethodGet, fmt.Sprintf("%s/40x,v_%d/%s", s.url, i, "photos/coast.jpg")); err != nil || r.status != 200 {
			t.Errorf("the server beside it: %d, %v", r.status, err)
		}
		originals[nameOf("photos/coast.jpg")+versionOf(i)] = read(t, filepath.Join(testdata(t), "photos/coast.jpg"))
		originals[nameOf("photos/coast.jpg")] = originals[nameOf("photos/coast.jpg")+versionOf(i)]
		if t.Failed() {
			return
		}
	}
	t.Logf("%d of %d purges were killed while they removed", interrupted, purgeKills)
	if interrupted == 0 {
		t.Error("no purge was killed while it removed")
	}
	if out, status := purge(t, "--cache", cache, "--older-than", "1d"); status != 0 {
		t.Errorf("afterwards: %d %s", status, out)
	}
	for _, path := range files(t, filepath.Join(cache, "derivatives")) {
		if info, err := os.Stat(path); err == nil && accessed(info).Before(time.Now().Add(-24*time.Hour)) {
			t.Errorf("%s is old and still there", path)
		}
	}
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

// versionOf is what the name of an original has behind the key's, for the cache
// buster v_N.
func versionOf(n int) string {
	sum := sha256.Sum256([]byte(strconv.Itoa(n)))
	return "-" + hex.EncodeToString(sum[:12])
}
