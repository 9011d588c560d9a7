package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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
	s.awaitDiskLow(t, 0)
	wantCache(t, get(t, s.url+"/320x200/photos/cat.jpg"), missStored)
}

// awaitDiskLow waits until the server sees that the disk is low, or is so no more: it
// looks once a second.
func (s *server) awaitDiskLow(t *testing.T, want float64) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 600 {
		if s.metric(t, "thumbery_disk_low") == want {
			return
		}
		<-tick.C
	}
	t.Fatalf("thumbery_disk_low does not become %v", want)
}

// Below --min-free, which has a default, nothing new is kept, and all is served.
func TestGuard(t *testing.T) {
	for name, tt := range map[string]struct {
		flags []string
		free  int64 // bytes, that are left
	}{
		"half":    {[]string{"--min-free", "50%"}, 7 << 20},
		"default": {nil, 700 << 10}, // of 16 MiB
	} {
		t.Run(name, func(t *testing.T) {
			cache := smallDisk(t, "16m,nr_inodes=20000")
			s := serve(t, append(tt.flags, "--source", "/=file:"+testdata(t), "--cache", cache)...)
			wantCache(t, get(t, s.url+"/300x200/photos/cat.jpg"), missStored)
			var disk syscall.Statfs_t
			if err := syscall.Statfs(cache, &disk); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(cache, "ballast"), make([]byte, int64(disk.Bavail)*disk.Bsize-tt.free), 0o644); err != nil {
				t.Fatal(err)
			}
			s.awaitDiskLow(t, 1)
			wantCache(t, get(t, s.url+"/310x200/photos/cat.jpg"), "thumbery;fwd=miss")
			wantPicture(t, get(t, s.url+"/310x200/photos/lake.jpg"), 310, 200, "jpeg")
			wantCache(t, get(t, s.url+"/300x200/photos/cat.jpg"), hitMemory)
			if n := strings.Count(s.log.String(), "less than --min-free left"); n != 1 {
				t.Errorf("it is logged %d times", n)
			}
		})
	}
}
