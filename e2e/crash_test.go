package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// kills is how often the writing server is killed.
const kills = 200

// A server that is killed while it writes leaves nothing that is not whole:
// after each of 200 kills every visible file has a right name, and is the
// original that its name says, or a picture that decodes to the end.
func TestKilledWhileWriting(t *testing.T) {
	cache := t.TempDir()
	originals := map[string][]byte{}
	for _, key := range []string{"photos/cat.jpg", "photos/coast.jpg", "photos/logo.png", "odd/16bit.png", "odd/photo.avif"} {
		originals[nameOf(key)] = read(t, filepath.Join(testdata(t), key))
	}
	seen := map[string]bool{} // derivatives found whole before, which nobody writes again
	args := []string{"--source", "/=file:" + testdata(t), "--cache", cache}
	for i := range kills {
		s := serve(t, args...)
		killUnderLoad(t, s, i)
		checkCache(t, cache, originals, seen)
		forgetOriginals(t, cache) // so that the next one writes them again
		if t.Failed() {
			return
		}
	}
	if len(seen) < kills/4 { // a busy machine writes few between two kills
		t.Errorf("only %d derivatives were written in %d rounds", len(seen), kills)
	}
	t.Logf("%d kills, %d derivatives, %d temporaries left for the purge", kills, len(seen), len(files(t, filepath.Join(cache, "tmp"))))
	s := serve(t, args...)
	wantPicture(t, get(t, s.url+"/300x200/photos/cat.jpg"), 300, 200, "jpeg")
}

// nameOf is the name of an original, as docs/architecture.md says.
func nameOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}

// killUnderLoad asks for new derivatives with four clients, and kills the
// server at some moment.
func killUnderLoad(t *testing.T, s *server, round int) {
	t.Helper()
	stop := make(chan struct{})
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := 0; ; i++ {
				key := []string{"photos/cat.jpg", "photos/coast.jpg", "photos/logo.png", "odd/16bit.png"}[(i+worker)%4]
				select {
				case <-stop:
					return
				default:
				}
				// Most fail: that is what being killed is.
				_, _ = do(http.MethodGet, fmt.Sprintf("%s/40x,bg_%02x%02x%02x/%s", s.url, round, worker, i%256, key))
			}
		})
	}
	// Not a sleep to wait for something, but the moment of the accident.
	timer := time.NewTimer(time.Duration(5+rand.IntN(110)) * time.Millisecond)
	<-timer.C
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.done
	close(stop)
	all.Wait()
	client.CloseIdleConnections()
}

var derivativeName = regexp.MustCompile(`^[0-9a-f]{32}-[0-9a-f]{24}$`)

// checkCache checks every file that a reader could find.
func checkCache(t *testing.T, cache string, originals map[string][]byte, seen map[string]bool) {
	t.Helper()
	for _, path := range files(t, filepath.Join(cache, "originals")) {
		name := filepath.Base(path)
		if want, known := originals[name]; !known || !bytes.Equal(want, read(t, path)) {
			t.Errorf("the original %s is not whole, or has a wrong name", path)
		}
	}
	for _, path := range files(t, filepath.Join(cache, "derivatives")) {
		name := filepath.Base(path)
		if seen[name] {
			continue
		}
		seen[name] = true
		source, _, _ := strings.Cut(name, "-")
		if !derivativeName.MatchString(name) || originals[source] == nil || filepath.Base(filepath.Dir(path)) != name[:3] {
			t.Errorf("%s has a wrong name", path)
		}
		if m, _, err := image.Decode(bytes.NewReader(read(t, path))); err != nil || m.Bounds().Dx() != 40 {
			t.Errorf("%s is not whole: %v", path, err)
		}
	}
}

func forgetOriginals(t *testing.T, cache string) {
	t.Helper()
	for _, path := range files(t, filepath.Join(cache, "originals")) {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
}
