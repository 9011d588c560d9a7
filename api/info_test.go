package api

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/info"
)

func TestInfo(t *testing.T) {
	t.Parallel()
	h := newTestServer()
	r := h.get("/info/cat.jpg")
	var got info.Document
	if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.Width != 80 || got.Height != 60 || got.Format != "jpeg" || got.Average != "#000000" {
		t.Errorf("got %+v", got)
	}
	wantHeaders(t, r, map[string]string{
		"Content-Type": "application/json", "Cache-Status": "thumbery;fwd=miss;stored;detail=disk",
		"Cache-Control": "public, max-age=3600, immutable", "X-Content-Type-Options": "nosniff",
		"Vary": "", "Last-Modified": "Fri, 17 May 2024 10:30:00 GMT",
	})
	again := h.get("/info/cat.jpg", "If-None-Match", r.Header.Get("ETag"))
	if again.StatusCode != 304 {
		t.Errorf("the second time: %s", again.Status)
	}
	wantHeaders(t, again, map[string]string{"Cache-Status": "thumbery;hit;detail=memory"})
	if h.get("/info_gps/cat.jpg").Header.Get("ETag") == r.Header.Get("ETag") {
		t.Error("info and info_gps have one tag")
	}
	wantHeaders(t, h.get("/info,dl/cat.jpg"), map[string]string{"Content-Disposition": "attachment; filename=cat.json"})
	if h.resizer.Calls() != 4 { // two documents, each of a small picture and a placeholder
		t.Errorf("the engine was called %d times", h.resizer.Calls())
	}
}

// Documents are sent by the server in front, as derivatives are, and made again if their
// file is damaged.
func TestSendFileInfo(t *testing.T) {
	t.Parallel()
	public, dir := newDiskHandler(t, 0, func(c *Config) { c.SendFile = SendFile{AccelHeader, "/cache/"} })
	h := &testServer{Handler: public}
	const path = "/info/photos/cat.jpg"
	want := func(status string) string {
		t.Helper()
		r, body := getBody(t, h, path)
		if r.StatusCode != http.StatusOK || len(body) != 0 {
			t.Fatalf("%s, %d bytes", r.Status, len(body))
		}
		wantHeaders(t, r, map[string]string{"Content-Type": "application/json", "Cache-Status": status, "ETag": ""})
		return filepath.Join(dir, strings.TrimPrefix(r.Header.Get(AccelHeader), "/cache/"))
	}
	const miss, hit = "thumbery;fwd=miss;stored;detail=disk", "thumbery;hit;detail=disk"
	file := want(miss)
	want(hit)
	whole, err := os.ReadFile(file)
	if err != nil || !json.Valid(whole) {
		t.Fatalf("%s, %v", whole, err)
	}
	for _, damaged := range []string{string(whole[:len(whole)/2]), "{}", "", "{\"a\":}\n", "text"} {
		if err := os.WriteFile(file, []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		if again := want(miss); again != file {
			t.Errorf("is at %s and then at %s", file, again)
		}
		want(hit)
	}
	r := h.get(path, headerNoAccel, "1")
	if body, err := io.ReadAll(r.Body); err != nil || string(body) != string(whole) {
		t.Errorf("by hand: %s, %v", body, err)
	}
}
