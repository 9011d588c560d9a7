package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// How old an original is outlives a restart: it is noted beside it. Here it is
// made older than it is.
func TestRevalidateAfterRestart(t *testing.T) {
	store, args := s3(t, map[string][]byte{"cat.jpg": read(t, "../testdata/photos/cat.jpg")})
	cacheDir := args[len(args)-1]
	args = append(args, "--revalidate", "24h", "--revalidate-sync", "168h")
	s := serve(t, args...)
	wantPicture(t, get(t, s.url+"/60x/cat.jpg"), 60, 75, "jpeg")
	s.stop(t)
	store.Put(t, "pictures", "cat.jpg", read(t, "../testdata/photos/coast.jpg"))

	s = serve(t, args...)
	wantCache(t, get(t, s.url+"/60x/cat.jpg"), hitDisk)
	s.stop(t)

	age(t, cacheDir, 25*time.Hour)
	s = serve(t, args...)
	wantPicture(t, get(t, s.url+"/60x/cat.jpg"), 60, 75, "jpeg") // the old one, while the new one comes
	s.waitForMetric(t, `thumbery_revalidations_total{answer="changed"}`, 1)
	wantPicture(t, get(t, s.url+"/60x/cat.jpg"), 60, 40, "jpeg")
	s.stop(t)

	age(t, cacheDir, 8*24*time.Hour)
	store.Put(t, "pictures", "cat.jpg", read(t, "../testdata/photos/cat.jpg"))
	s = serve(t, args...)
	wantPicture(t, get(t, s.url+"/60x/cat.jpg"), 60, 75, "jpeg") // waited for
	s.stop(t)

	age(t, cacheDir, 8*24*time.Hour)
	store.Stop()
	s = serve(t, args...)
	r := get(t, s.url+"/60x/cat.jpg")
	wantPicture(t, r, 60, 75, "jpeg")
	wantCache(t, r, "thumbery;fwd=stale;detail=disk")
}

// age makes what is noted of all originals older.
func age(t *testing.T, cacheDir string, by time.Duration) {
	t.Helper()
	found := 0
	for _, file := range files(t, filepath.Join(cacheDir, "originals")) {
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
