package serve

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/thumbery/thumbery/e2e"

	"golang.org/x/sys/unix"
)

// How old an original is outlives a restart: it is noted beside it. Here it is
// made older than it is.
func TestRevalidateAfterRestart(t *testing.T) {
	t.Parallel()
	store, args := e2e.S3(t, map[string][]byte{"cat.jpg": e2e.Read(t, "../../testdata/photos/cat.jpg")})
	cacheDir := args[len(args)-1]
	args = append(args, "--revalidate", "24h", "--revalidate-sync", "168h")
	s := e2e.Serve(t, args...)
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/60x/cat.jpg"), 60, 75, "jpeg")
	s.Stop(t)
	store.Put(t, "pictures", "cat.jpg", e2e.Read(t, "../../testdata/photos/coast.jpg"))

	s = e2e.Serve(t, args...)
	e2e.WantCache(t, e2e.Get(t, s.URL+"/60x/cat.jpg"), e2e.HitDisk)
	s.Stop(t)

	age(t, cacheDir, 25*time.Hour)
	s = e2e.Serve(t, args...)
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/60x/cat.jpg"), 60, 75, "jpeg") // the old one, while the new one comes
	s.AwaitMetric(t, `thumbery_revalidations_total{answer="changed"}`, 1)
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/60x/cat.jpg"), 60, 40, "jpeg")
	s.Stop(t)

	age(t, cacheDir, 8*24*time.Hour)
	store.Put(t, "pictures", "cat.jpg", e2e.Read(t, "../../testdata/photos/cat.jpg"))
	s = e2e.Serve(t, args...)
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/60x/cat.jpg"), 60, 75, "jpeg") // waited for
	s.Stop(t)

	age(t, cacheDir, 8*24*time.Hour)
	store.Stop()
	s = e2e.Serve(t, args...)
	r := e2e.Get(t, s.URL+"/60x/cat.jpg")
	e2e.WantPicture(t, r, 60, 75, "jpeg")
	e2e.WantCache(t, r, "thumbery;fwd=stale;detail=disk")
}

// age makes what is noted of all originals older.
func age(t *testing.T, cacheDir string, by time.Duration) {
	t.Helper()
	found := 0
	for _, file := range e2e.Files(t, filepath.Join(cacheDir, "originals")) {
		var label [512]byte
		n, err := unix.Getxattr(file, "user.thumbery.origin", label[:])
		if err == unix.ENOTSUP {
			t.Skip("no extended attributes here")
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		_, rest, _ := strings.Cut(string(label[:n]), " ")
		older := fmt.Sprintf("%d %s", time.Now().Add(-by).Unix(), rest)
		if err := unix.Setxattr(file, "user.thumbery.origin", []byte(older), 0); err != nil {
			t.Fatal(err)
		}
		found++
	}
	if found == 0 {
		t.Fatal("no originals")
	}
}
