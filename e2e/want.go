package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	_ "image/gif" // Size decodes these
	_ "image/jpeg"
	_ "image/png"
	"net/http"
	"strings"
	"testing"

	_ "golang.org/x/image/webp"
)

// DecodeSize decodes a picture completely and returns its width and height.
func DecodeSize(body []byte) (w, h int, err error) {
	m, _, err := image.Decode(bytes.NewReader(body))
	if err != nil {
		return 0, 0, fmt.Errorf("an answer of %d bytes does not decode: %w", len(body), err)
	}
	return m.Bounds().Dx(), m.Bounds().Dy(), nil
}

// Size decodes a picture and returns its width, height and format.
func Size(t testing.TB, body []byte) (w, h int, format string) {
	t.Helper()
	w, h, err := DecodeSize(body)
	if err != nil {
		t.Error(err)
		return 0, 0, ""
	}
	_, format, _ = image.DecodeConfig(bytes.NewReader(body))
	return w, h, format
}

// WantPicture checks that an answer is a complete picture of a size and format.
func WantPicture(t testing.TB, r Response, w, h int, format string) {
	t.Helper()
	if r.Status != http.StatusOK {
		t.Errorf("status %d: %s", r.Status, r.Body)
		return
	}
	if gotW, gotH, got := Size(t, r.Body); gotW != w || gotH != h || got != format {
		t.Errorf("got %dx%d %s, want %dx%d %s", gotW, gotH, got, w, h, format)
	}
	if got := r.Header.Get("Content-Type"); got != "image/"+format {
		t.Errorf("Content-Type %q, want image/%s", got, format)
	}
}

// WantCache checks the Cache-Status of an answer.
func WantCache(t testing.TB, r Response, want string) {
	t.Helper()
	if got := r.Header.Get("Cache-Status"); got != want {
		t.Errorf("Cache-Status %q, want %q", got, want)
	}
}

// WantProblem checks that an answer is a problem document of a kind, whose detail contains
// a text.
func WantProblem(t *testing.T, path string, r Response, status int, kind, detail string) {
	t.Helper()
	var p struct {
		Type, Title, Detail, Option string
		Status                      int
		RequestID                   string `json:"request_id"`
	}
	err := json.Unmarshal(r.Body, &p)
	if err != nil || r.Status != status || p.Status != status || p.Type != "urn:thumbery:"+kind || !strings.Contains(p.Detail, detail) {
		t.Errorf("%s: %d %s, %v\nwant %d %s …%s…", path, r.Status, r.Body, err, status, kind, detail)
	}
	if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("%s: Content-Type %q", path, got)
	}
	if p.RequestID == "" || p.RequestID != r.Header.Get("X-Request-Id") {
		t.Errorf("%s: request id %q, in the header %q", path, p.RequestID, r.Header.Get("X-Request-Id"))
	}
	want := "public, max-age=60"
	if status >= 500 || status == 403 || kind == "quarantined" || kind == "too-much-memory" {
		want = "no-store"
	}
	if got := r.Header.Get("Cache-Control"); got != want {
		t.Errorf("%s: Cache-Control %q, want %q", path, got, want)
	}
}

// Values of Cache-Status.
const (
	MissStored = "thumbery;fwd=miss;stored;detail=disk"
	HitMemory  = "thumbery;hit;detail=memory"
	HitDisk    = "thumbery;hit;detail=disk"
)
