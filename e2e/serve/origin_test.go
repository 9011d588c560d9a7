package serve

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// The main job: a derivative of an original in S3 is made once, cached, and served from
// memory, from disk after a restart, and while S3 is down.
func TestFromS3(t *testing.T) {
	t.Parallel()
	photos := filepath.Join(e2e.Testdata(t), "photos")
	store, args := e2e.S3(t, map[string][]byte{
		"photos/cat.jpg":          e2e.Read(t, filepath.Join(photos, "cat.jpg")),
		"odd names/50% + ü?#.jpg": e2e.Read(t, filepath.Join(photos, "coast.jpg")),
	})
	s := e2e.Serve(t, args...)
	const path = "/300x200/photos/cat.jpg"
	first := e2e.Get(t, s.URL+path)
	e2e.WantPicture(t, first, 300, 200, "jpeg")
	e2e.WantCache(t, first, e2e.MissStored)
	e2e.WantCache(t, e2e.Get(t, s.URL+path), e2e.HitMemory)
	e2e.WantCache(t, e2e.Get(t, s.URL+"/raw/photos/cat.jpg"), e2e.HitDisk)
	odd := e2e.Get(t, s.URL+"/300x/odd%20names/50%25%20+%20%C3%BC%3F%23.jpg")
	e2e.WantPicture(t, odd, 300, 200, "jpeg")
	e2e.WantProblem(t, "missing", e2e.Get(t, s.URL+"/300x/photos/none.jpg"), 404, "not-found", "")
	if r := e2e.Get(t, s.Admin+"/readyz"); r.Status != 200 {
		t.Errorf("not ready: %s", r.Body)
	}
	s.Stop(t)

	store.Stop()
	s = e2e.Serve(t, args...)
	after := e2e.Get(t, s.URL+path)
	e2e.WantCache(t, after, e2e.HitDisk)
	if !bytes.Equal(after.Body, first.Body) || after.Header.Get("ETag") != first.Header.Get("ETag") {
		t.Error("after the restart it is another picture")
	}
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/64x64/photos/cat.jpg"), 64, 64, "jpeg") // a new size of a kept original
	down := e2e.Get(t, s.URL+"/300x/photos/none.jpg")
	e2e.WantProblem(t, "S3 down", down, 503, "origin-unavailable", "")
	if down.Header.Get("Retry-After") == "" || strings.Contains(string(down.Body), "127.0.0.1") {
		t.Errorf("S3 down: %v %s", down.Header, down.Body)
	}
	ready := e2e.Get(t, s.Admin+"/readyz")
	if ready.Status != http.StatusOK || !bytes.Contains(ready.Body, []byte(`"ready":true,"degraded":true`)) {
		t.Errorf("without an origin: %d %s", ready.Status, ready.Body)
	}
	if r := e2e.Get(t, s.Admin+"/healthz"); r.Status != 200 {
		t.Error("not alive without an origin")
	}
}

// Backends of a chain are tried in order, mounts are chosen by prefix.
func TestChainAndMounts(t *testing.T) {
	t.Parallel()
	store, _ := e2e.S3(t, map[string][]byte{"new/cat.jpg": e2e.Read(t, filepath.Join(e2e.Testdata(t), "photos", "cat.jpg"))})
	chain := fmt.Sprintf("photos/=s3://pictures/new?endpoint=%s,file:%s/photos", store.Endpoint, e2e.Testdata(t))
	s := e2e.Serve(t, "--source", chain, "--source", "/=file:"+e2e.Testdata(t)+"/odd", "--cache", t.TempDir())
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/30x/photos/cat.jpg"), 30, 38, "jpeg")
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/30x/photos/coast.jpg"), 30, 20, "jpeg")
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/1x1/1x1.jpg"), 1, 1, "jpeg")
	e2e.WantProblem(t, "nowhere", e2e.Get(t, s.URL+"/30x/photos/none.jpg"), 404, "not-found", "")
	store.Stop()
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/30x/photos/lake.jpg"), 30, 20, "jpeg")
	e2e.WantProblem(t, "perhaps in S3", e2e.Get(t, s.URL+"/30x/photos/none2.jpg"), 503, "origin-unavailable", "")
}

// Real photographs of 1.4 to 24 megapixels, sixteen at a time: every answer decodes and has
// the right size, and later requests get the same from the cache.
func TestRealPhotographs(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../.photos/*.jpg")
	if err != nil || len(files) == 0 {
		t.Skip("no photographs here: tools/photos.sh fetches them, where there is apt-get")
	}
	pictures := map[string][]byte{}
	for _, file := range files {
		pictures[filepath.Base(file)] = e2e.Read(t, file)
	}
	store, args := e2e.S3(t, pictures)
	args = append(args, "--hot", "0", "--queue", "200", "--resize-timeout", "10m")
	s := e2e.Serve(t, args...)
	var made sync.Map // the digests of the answers
	forEach(t, pictures, func(url string, w, h int) error {
		r, err := e2e.Do(http.MethodGet, s.URL+url)
		if err != nil {
			return err
		}
		made.Store(url, sha256.Sum256(r.Body))
		return wantSize(r, url, w, h)
	})
	again := func(url string, _, _ int) error {
		r, err := e2e.Do(http.MethodGet, s.URL+url)
		if err != nil {
			return err
		}
		if first, _ := made.Load(url); first != sha256.Sum256(r.Body) || r.Header.Get("Cache-Status") != e2e.HitDisk {
			return fmt.Errorf("%s again: %d, %d bytes, Cache-Status %q", url, r.Status, len(r.Body), r.Header.Get("Cache-Status"))
		}
		return nil
	}
	forEach(t, pictures, again)
	s.Stop(t)
	store.Stop()
	s = e2e.Serve(t, args...)
	forEach(t, pictures, again)
}

// clients is the number of concurrent requests.
const clients = 16

// forEach requests three sizes of each picture, in random order.
func forEach(t *testing.T, pictures map[string][]byte, ask func(url string, w, h int) error) {
	t.Helper()
	slots := make(chan struct{}, clients)
	var all sync.WaitGroup
	for name := range pictures {
		for ops, sides := range map[string][2]int{"300x200": {300, 200}, "64x64,f_webp": {64, 64}, "1200x": {1200, 0}} {
			slots <- struct{}{}
			all.Go(func() {
				defer func() { <-slots }()
				if err := ask("/"+ops+"/"+name, sides[0], sides[1]); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
}

// wantSize checks a picture that was just made.
func wantSize(r e2e.Response, url string, w, h int) error {
	gotW, gotH, err := e2e.DecodeSize(r.Body)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %d, %w", url, r.Status, err)
	case gotW != w || h != 0 && gotH != h:
		return fmt.Errorf("%s: %dx%d, want %dx%d", url, gotW, gotH, w, h)
	case r.Header.Get("Cache-Status") != e2e.MissStored:
		return fmt.Errorf("%s: Cache-Status %q, want %q", url, r.Header.Get("Cache-Status"), e2e.MissStored)
	}
	return nil
}
