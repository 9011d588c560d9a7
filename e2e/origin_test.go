package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/minio"
)

// s3 starts a MinIO with a bucket of the given pictures, and returns it with
// the arguments that make thumbery use it.
func s3(t *testing.T, pictures map[string][]byte) (*minio.Server, []string) {
	t.Helper()
	store := minio.Start(t)
	store.MakeBucket(t, "pictures")
	for key, data := range pictures {
		store.Put(t, "pictures", key, data)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", store.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", store.SecretKey)
	return store, []string{"--source", "/=s3://pictures?endpoint=" + store.Endpoint, "--cache", t.TempDir()}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The main job: from S3, made once, kept, and served again from memory, from
// disk after a restart, and when S3 is gone.
func TestFromS3(t *testing.T) {
	photos := filepath.Join(testdata(t), "photos")
	store, args := s3(t, map[string][]byte{
		"photos/cat.jpg":          read(t, filepath.Join(photos, "cat.jpg")),
		"odd names/50% + ü?#.jpg": read(t, filepath.Join(photos, "coast.jpg")),
	})
	s := serve(t, args...)
	const path = "/300x200/photos/cat.jpg"
	first := get(t, s.url+path)
	wantPicture(t, first, 300, 200, "jpeg")
	wantCache(t, first, missStored)
	wantCache(t, get(t, s.url+path), hitMemory)
	wantCache(t, get(t, s.url+"/raw/photos/cat.jpg"), hitDisk)
	odd := get(t, s.url+"/300x/odd%20names/50%25%20+%20%C3%BC%3F%23.jpg")
	wantPicture(t, odd, 300, 200, "jpeg")
	wantProblem(t, "missing", get(t, s.url+"/300x/photos/none.jpg"), 404, "not-found", "")
	if r := get(t, s.admin+"/readyz"); r.status != 200 {
		t.Errorf("not ready: %s", r.body)
	}
	s.stop(t)

	store.Stop()
	s = serve(t, args...)
	after := get(t, s.url+path)
	wantCache(t, after, hitDisk)
	if !bytes.Equal(after.body, first.body) || after.header.Get("ETag") != first.header.Get("ETag") {
		t.Error("after the restart it is another picture")
	}
	wantPicture(t, get(t, s.url+"/64x64/photos/cat.jpg"), 64, 64, "jpeg") // a new size of a kept original
	down := get(t, s.url+"/300x/photos/none.jpg")
	wantProblem(t, "S3 down", down, 503, "origin-unavailable", "")
	if down.header.Get("Retry-After") == "" || strings.Contains(string(down.body), "127.0.0.1") {
		t.Errorf("S3 down: %v %s", down.header, down.body)
	}
	ready := get(t, s.admin+"/readyz")
	if ready.status != http.StatusOK || !bytes.Contains(ready.body, []byte(`"ready":true,"degraded":true`)) {
		t.Errorf("without an origin: %d %s", ready.status, ready.body)
	}
	if r := get(t, s.admin+"/healthz"); r.status != 200 {
		t.Error("not alive without an origin")
	}
}

// Places of a chain are asked in order, mounts by prefix.
func TestChainAndMounts(t *testing.T) {
	store, _ := s3(t, map[string][]byte{"new/cat.jpg": read(t, filepath.Join(testdata(t), "photos", "cat.jpg"))})
	chain := fmt.Sprintf("photos/=s3://pictures/new?endpoint=%s,file:%s/photos", store.Endpoint, testdata(t))
	s := serve(t, "--source", chain, "--source", "/=file:"+testdata(t)+"/odd", "--cache", t.TempDir())
	wantPicture(t, get(t, s.url+"/30x/photos/cat.jpg"), 30, 38, "jpeg")
	wantPicture(t, get(t, s.url+"/30x/photos/coast.jpg"), 30, 20, "jpeg")
	wantPicture(t, get(t, s.url+"/1x1/1x1.jpg"), 1, 1, "jpeg")
	wantProblem(t, "nowhere", get(t, s.url+"/30x/photos/none.jpg"), 404, "not-found", "")
	store.Stop()
	wantPicture(t, get(t, s.url+"/30x/photos/lake.jpg"), 30, 20, "jpeg")
	wantProblem(t, "perhaps in S3", get(t, s.url+"/30x/photos/none2.jpg"), 503, "origin-unavailable", "")
}

// Real photographs of 1.4 to 24 megapixels, sixteen at a time: every answer
// decodes to the right size, and the second time is a hit.
func TestRealPhotographs(t *testing.T) {
	files, err := filepath.Glob("../.photos/*.jpg")
	if err != nil || len(files) == 0 {
		t.Skip("no photographs here: tools/photos.sh fetches them, where there is apt-get")
	}
	pictures := map[string][]byte{}
	for _, file := range files {
		pictures[filepath.Base(file)] = read(t, file)
	}
	store, args := s3(t, pictures)
	args = append(args, "--hot", "0", "--queue", "200")
	s := serve(t, args...)
	forEach(t, pictures, func(url string, w, h int) error { return check(s.url+url, w, h, missStored) })
	forEach(t, pictures, func(url string, w, h int) error { return check(s.url+url, w, h, hitDisk) })
	s.stop(t)
	store.Stop()
	s = serve(t, args...)
	forEach(t, pictures, func(url string, w, h int) error { return check(s.url+url, w, h, hitDisk) })
}

// clients is how many requests run at once.
const clients = 16

// forEach asks for three sizes of each picture, in random order.
func forEach(t *testing.T, pictures map[string][]byte, ask func(url string, w, h int) error) {
	t.Helper()
	places := make(chan struct{}, clients)
	var all sync.WaitGroup
	for name := range pictures {
		for ops, sides := range map[string][2]int{"300x200": {300, 200}, "64x64,f_webp": {64, 64}, "1200x": {1200, 0}} {
			places <- struct{}{}
			all.Go(func() {
				defer func() { <-places }()
				if err := ask("/"+ops+"/"+name, sides[0], sides[1]); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
}

func check(url string, w, h int, cacheStatus string) error {
	r, err := do(http.MethodGet, url)
	if err != nil {
		return err
	}
	gotW, gotH, err := decodeSize(r.body)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %d, %w", url, r.status, err)
	case gotW != w || h != 0 && gotH != h:
		return fmt.Errorf("%s: %dx%d, want %dx%d", url, gotW, gotH, w, h)
	case r.header.Get("Cache-Status") != cacheStatus:
		return fmt.Errorf("%s: Cache-Status %q, want %q", url, r.header.Get("Cache-Status"), cacheStatus)
	}
	return nil
}
