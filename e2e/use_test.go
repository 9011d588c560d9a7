package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Every way of answering notes the use of the file, and leaves its mtime: a hit
// on disk and in memory, a 304, a HEAD, and what is left to nginx.
func TestUseIsNoted(t *testing.T) {
	cache := t.TempDir()
	source := []string{"--source", "/=file:" + testdata(t), "--cache", cache}
	const path = "/300x200/photos/cat.jpg"
	warm := serve(t, source...)
	tag := get(t, warm.url+path).header.Get("ETag")
	handing := serve(t, append(source, "--accel", "/cache/")...)
	cold := serve(t, append(source, "--hot", "0")...)
	file := files(t, filepath.Join(cache, "derivatives"))[0]
	for _, use := range []struct {
		name, method string
		s            *server
		status       int
		headers      []string
	}{
		{"disk", http.MethodGet, cold, 200, nil},
		{"memory", http.MethodGet, warm, 200, nil},
		{"not modified", http.MethodGet, cold, 304, []string{"If-None-Match", tag}},
		{"not modified, from memory", http.MethodGet, warm, 304, []string{"If-None-Match", tag}},
		{"HEAD", http.MethodHead, cold, 200, nil},
		{"accel", http.MethodGet, handing, 200, nil},
	} {
		long := time.Now().Add(-48 * time.Hour)
		before, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, long, before.ModTime()); err != nil {
			t.Fatal(err)
		}
		use.s.wantNoted(t, use.name, file, func() {
			if r := ask(t, use.method, use.s.url+path, use.headers...); r.status != use.status {
				t.Errorf("%s: %d, want %d", use.name, r.status, use.status)
			}
		})
		if after, err := os.Stat(file); err != nil || !after.ModTime().Equal(before.ModTime()) {
			t.Errorf("%s: the mtime moved from %v to %v, %v", use.name, before.ModTime(), after.ModTime(), err)
		}
	}
}

// wantNoted uses a file until its use is noted, which for what is in memory may
// take a second.
func (s *server) wantNoted(t *testing.T, name, file string, use func()) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 60 {
		use()
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if time.Since(accessed(info)) < time.Hour {
			return
		}
		<-tick.C
	}
	t.Errorf("%s: the use is not noted", name)
}

// A full disk fails nothing that memory can answer. Needs root, for a small file
// system.
func TestFullDisk(t *testing.T) {
	cache := smallDisk(t, "8m,nr_inodes=20000")
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", cache)
	wantPicture(t, get(t, s.url+"/300x200/photos/cat.jpg"), 300, 200, "jpeg")
	fillUp(t, cache)
	for range 2 {
		wantPicture(t, get(t, s.url+"/310x200/photos/cat.jpg"), 310, 200, "jpeg")   // a new size
		wantPicture(t, get(t, s.url+"/310x200/photos/coast.jpg"), 310, 200, "jpeg") // a new original
		wantPicture(t, get(t, s.url+"/300x200/photos/cat.jpg"), 300, 200, "jpeg")   // what is kept
	}
	if s.metric(t, `thumbery_cache_write_errors_total{tier="derivatives"}`) == 0 {
		t.Error("no failed write is counted")
	}
	if err := os.Remove(filepath.Join(cache, "ballast")); err != nil {
		t.Fatal(err)
	}
	wantCache(t, get(t, s.url+"/320x200/photos/cat.jpg"), missStored)
}

// Below --min-free nothing new is kept, and all is served.
func TestGuard(t *testing.T) {
	cache := smallDisk(t, "16m,nr_inodes=20000")
	s := serve(t, "--source", "/=file:"+testdata(t), "--cache", cache, "--min-free", "50%")
	wantCache(t, get(t, s.url+"/300x200/photos/cat.jpg"), missStored)
	if err := os.WriteFile(filepath.Join(cache, "ballast"), make([]byte, 9<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	low := false
	for i := 0; i < 60 && !low; i++ { // it looks once a second
		low = s.metric(t, "thumbery_disk_low") == 1
		<-tick.C
	}
	if !low {
		t.Fatal("the guard does not see that the disk is low")
	}
	wantCache(t, get(t, s.url+"/310x200/photos/cat.jpg"), "thumbery;fwd=miss")
	wantPicture(t, get(t, s.url+"/310x200/photos/lake.jpg"), 310, 200, "jpeg")
	wantCache(t, get(t, s.url+"/300x200/photos/cat.jpg"), hitMemory)
}
