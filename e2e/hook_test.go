package e2e

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/notification"
)

// A real MinIO tells of what is uploaded and removed: the old picture is
// forgotten, the presets of the new one are made, and what was missing is there.
func TestHookFromMinIO(t *testing.T) {
	cat, coast := read(t, "../testdata/photos/cat.jpg"), read(t, "../testdata/photos/coast.jpg")
	store, args := s3(t, map[string][]byte{"in/a b+ü.jpg": cat})
	const secret = "a-secret-of-some-length"
	s := serve(t, append(args, "--hook-secret", secret, "--preset", "thumb=60x", "--preset", "card=120x,f_auto", "--negative-ttl", "1h")...)
	store.Environment = []string{
		"MINIO_NOTIFY_WEBHOOK_ENABLE_THUMBERY=on", "MINIO_NOTIFY_WEBHOOK_ENDPOINT_THUMBERY=" + s.admin + "/hooks/s3",
		"MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_THUMBERY=" + secret,
	}
	store.Restart(t)
	told := notification.NewConfig(notification.NewArn("minio", "sqs", "", "THUMBERY", "webhook"))
	told.AddEvents(notification.ObjectCreatedAll, notification.ObjectRemovedAll)
	var wanted notification.Configuration
	wanted.AddQueue(told)
	eventually(t, "MinIO, which has just begun, knows where its notifications go", func() bool {
		return store.Client().SetBucketNotification(t.Context(), "pictures", wanted) == nil
	})

	const picture, missing = "/60x/in/a%20b+%C3%BC.jpg", "/60x/in/new.jpg"
	wantPicture(t, get(t, s.url+picture), 60, 75, "jpeg")
	wantProblem(t, "not there yet", get(t, s.url+missing), 404, "not-found", "")

	store.Put(t, "pictures", "in/a b+ü.jpg", coast)
	store.Put(t, "pictures", "in/new.jpg", coast)
	s.waitForMetric(t, `thumbery_hooks_total{outcome="created"}`, 2)
	s.waitForMetric(t, `thumbery_primed_total{result="ok"}`, 8) // two pictures: thumb, and card for three kinds of browsers
	for _, path := range []string{picture, missing} {
		r := get(t, s.url+path)
		wantPicture(t, r, 60, 40, "jpeg")
		wantCache(t, r, hitMemory)
	}
	card := get(t, s.url+"/card/in/new.jpg", "Accept", "image/webp")
	wantPicture(t, card, 120, 80, "webp")
	wantCache(t, card, hitMemory)

	store.Remove(t, "pictures", "in/new.jpg")
	s.waitForMetric(t, `thumbery_hooks_total{outcome="removed"}`, 1)
	wantProblem(t, "removed", get(t, s.url+missing), 404, "not-found", "")
}

// Nobody without the secret makes us forget anything.
func TestHookSecret(t *testing.T) {
	event := `{"Records":[{"eventName":"s3:ObjectRemoved:Delete","s3":{"bucket":{"name":"pictures"},"object":{"key":"cat.jpg"}}}]}`
	post := func(s *server, authorization string) int {
		req, err := http.NewRequest(http.MethodPost, s.admin+"/hooks/s3", strings.NewReader(event))
		if err != nil {
			t.Fatal(err)
		}
		if authorization != "" {
			req.Header.Set("Authorization", authorization)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Fatal(err)
		}
		return res.StatusCode
	}
	s := serve(t, "--cache", t.TempDir(), "--source", "/=file:"+testdata(t), "--hook-secret", "right")
	for authorization, want := range map[string]int{"": 401, "Bearer wrong": 401, "right": 401, "Bearer right": 200} {
		if got := post(s, authorization); got != want {
			t.Errorf("%q: %d, want %d", authorization, got, want)
		}
	}
	if got := post(serve(t, "--cache", t.TempDir(), "--source", "/=file:"+testdata(t)), "Bearer "); got != 403 {
		t.Errorf("without a secret: %d", got)
	}
}

// waitForMetric waits until a metric is at least that much.
func (s *server) waitForMetric(t *testing.T, name string, atLeast float64) {
	t.Helper()
	var got float64
	for range 1500 {
		var ok bool
		if got, ok = s.metricIfAny(t, name); ok && got >= atLeast {
			return
		}
		<-time.After(20 * time.Millisecond) // half a minute in all
	}
	t.Fatalf("%s is %v, want %v\n%s", name, got, atLeast, s.log)
}

// An original that is found only on the old disk is copied to S3, whole, and from
// then on comes from there.
func TestRepair(t *testing.T) {
	old := t.TempDir()
	cat := read(t, "../testdata/photos/cat.jpg")
	if err := os.WriteFile(filepath.Join(old, "cat ü.jpg"), cat, 0o600); err != nil {
		t.Fatal(err)
	}
	store, args := s3(t, nil)
	args = args[2:]
	s := serve(t, append(args, "--source", "/=s3://pictures?endpoint="+store.Endpoint+",file:"+old, "--repair", "--revalidate", "1h")...)
	wantPicture(t, get(t, s.url+"/60x/cat%20%C3%BC.jpg"), 60, 75, "jpeg")
	s.waitForMetric(t, `thumbery_repairs_total{result="ok"}`, 1)
	if err := os.Remove(filepath.Join(old, "cat ü.jpg")); err != nil {
		t.Fatal(err)
	}
	if r := ask(t, http.MethodDelete, s.admin+"/cache/cat%20%C3%BC.jpg"); r.status != 200 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	raw := get(t, s.url+"/raw/cat%20%C3%BC.jpg")
	if string(raw.body) != string(cat) {
		t.Errorf("%d: %d bytes, want %d", raw.status, len(raw.body), len(cat))
	}
}
