package serve

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/e2e"
)

// A real MinIO notifies of uploads and removals: the old picture is purged, the presets of
// the new one are generated, and what was missing is found.
func TestHookFromMinIO(t *testing.T) {
	t.Parallel()
	cat, coast := e2e.Read(t, "../../testdata/photos/cat.jpg"), e2e.Read(t, "../../testdata/photos/coast.jpg")
	store, args := e2e.S3(t, map[string][]byte{"in/a b+ü.jpg": cat})
	const secret = "a-secret-of-some-length"
	s := e2e.Serve(t, append(args, "--hook-secret", secret, "--preset", "thumb=60x", "--preset", "card=120x,f_auto", "--negative-ttl", "1h")...)
	e2e.Notify(t, store, "pictures", "", s.Admin, secret)

	const picture, missing = "/60x/in/a%20b+%C3%BC.jpg", "/60x/in/new.jpg"
	e2e.WantPicture(t, e2e.Get(t, s.URL+picture), 60, 75, "jpeg")
	e2e.WantProblem(t, "not there yet", e2e.Get(t, s.URL+missing), 404, "not-found", "")

	store.Put(t, "pictures", "in/a b+ü.jpg", coast)
	store.Put(t, "pictures", "in/new.jpg", coast)
	s.AwaitMetric(t, `thumbery_hooks_total{outcome="created"}`, 2)
	s.AwaitMetric(t, `thumbery_primed_total{result="ok"}`, 8) // two pictures: thumb, and card for three kinds of browsers
	for _, path := range []string{picture, missing} {
		r := e2e.Get(t, s.URL+path)
		e2e.WantPicture(t, r, 60, 40, "jpeg")
		e2e.WantCache(t, r, e2e.HitMemory)
	}
	card := e2e.Get(t, s.URL+"/card/in/new.jpg", "Accept", "image/webp")
	e2e.WantPicture(t, card, 120, 80, "webp")
	e2e.WantCache(t, card, e2e.HitMemory)

	store.Remove(t, "pictures", "in/new.jpg")
	s.AwaitMetric(t, `thumbery_hooks_total{outcome="removed"}`, 1)
	e2e.WantProblem(t, "removed", e2e.Get(t, s.URL+missing), 404, "not-found", "")
}

// Notifications without the secret are refused.
func TestHookSecret(t *testing.T) {
	t.Parallel()
	event := `{"Records":[{"eventName":"s3:ObjectRemoved:Delete","s3":{"bucket":{"name":"pictures"},"object":{"key":"cat.jpg"}}}]}`
	post := func(s *e2e.Server, authorization string) int {
		req, err := http.NewRequest(http.MethodPost, s.Admin+"/hooks/s3", strings.NewReader(event))
		if err != nil {
			t.Fatal(err)
		}
		if authorization != "" {
			req.Header.Set("Authorization", authorization)
		}
		res, err := e2e.Client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Fatal(err)
		}
		return res.StatusCode
	}
	s := e2e.Serve(t, "--cache", t.TempDir(), "--source", "/=file:"+e2e.Testdata(t), "--hook-secret", "right")
	for authorization, want := range map[string]int{"": 401, "Bearer wrong": 401, "right": 401, "Bearer right": 200} {
		if got := post(s, authorization); got != want {
			t.Errorf("%q: %d, want %d", authorization, got, want)
		}
	}
	if got := post(e2e.Serve(t, "--cache", t.TempDir(), "--source", "/=file:"+e2e.Testdata(t)), "Bearer "); got != 403 {
		t.Errorf("without a secret: %d", got)
	}
}

// An original that is only found on the old disk is copied to S3 and comes from there
// afterwards.
func TestRepair(t *testing.T) {
	t.Parallel()
	old := t.TempDir()
	cat := e2e.Read(t, "../../testdata/photos/cat.jpg")
	if err := os.WriteFile(filepath.Join(old, "cat ü.jpg"), cat, 0o600); err != nil {
		t.Fatal(err)
	}
	store, args := e2e.S3(t, nil)
	args = args[2:]
	s := e2e.Serve(t, append(args, "--source", "/=s3://pictures?endpoint="+store.Endpoint+",file:"+old, "--repair", "--revalidate", "1h")...)
	e2e.WantPicture(t, e2e.Get(t, s.URL+"/60x/cat%20%C3%BC.jpg"), 60, 75, "jpeg")
	s.AwaitMetric(t, `thumbery_repairs_total{result="ok"}`, 1)
	if err := os.Remove(filepath.Join(old, "cat ü.jpg")); err != nil {
		t.Fatal(err)
	}
	if r := e2e.Ask(t, http.MethodDelete, s.Admin+"/cache/cat%20%C3%BC.jpg"); r.Status != 200 {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	raw := e2e.Get(t, s.URL+"/raw/cat%20%C3%BC.jpg")
	if string(raw.Body) != string(cat) {
		t.Errorf("%d: %d bytes, want %d", raw.Status, len(raw.Body), len(cat))
	}
}
