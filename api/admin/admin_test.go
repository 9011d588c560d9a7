package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/variant"
)

// testAdmin is the admin handler and its log.
type testAdmin struct {
	http.Handler
	log bytes.Buffer
}

func newTestAdmin(c Config) *testAdmin {
	o := &testAdmin{}
	c.Log = slog.New(slog.NewTextHandler(&o.log, nil))
	if c.Metrics == nil {
		c.Metrics = http.NotFoundHandler()
	}
	o.Handler = New(c)
	return o
}

// request returns status and body.
func (o *testAdmin) request(method, path, body string, headers ...string) (int, string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = "localhost"
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	o.ServeHTTP(w, r)
	answer, err := io.ReadAll(w.Body)
	if err != nil {
		panic(err) // of a buffer
	}
	return w.Code, strings.TrimSpace(string(answer))
}

func decode[T any](t *testing.T, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return v
}

func TestForgetOnDemand(t *testing.T) {
	t.Parallel()
	var forgotten []variant.Key
	var fail error
	o := newTestAdmin(Config{
		Forget: func(key variant.Key) (pipeline.Forgotten, error) {
			forgotten = append(forgotten, key)
			return pipeline.Forgotten{Originals: 1, Derivatives: 2}, fail
		},
		Stock: func() any { return map[string]int{"files": 3} },
	})
	if status, body := o.request("GET", "/cache", ""); status != 200 || body != `{"files":3}` {
		t.Errorf("%d %s", status, body)
	}
	if status, body := o.request("DELETE", "/cache/a/b%20c.jpg", ""); status != 200 || decode[pipeline.Forgotten](t, body).Derivatives != 2 {
		t.Errorf("%d %s", status, body)
	}
	if status, body := o.request("DELETE", "/cache/a/../c.jpg", ""); status != 400 || !strings.Contains(body, "error") {
		t.Errorf("%d %s", status, body)
	}
	fail = errors.New("disk on fire")
	if status, body := o.request("DELETE", "/cache/c.jpg", ""); status != 500 || !strings.Contains(body, "disk on fire") {
		t.Errorf("%d %s", status, body)
	}
	if len(forgotten) != 2 || forgotten[0] != "a/b c.jpg" || forgotten[1] != "c.jpg" {
		t.Errorf("forgotten %q", forgotten)
	}
}

// A panic is counted, and answered with 500, or by closing the connection if the answer has
// begun.
func TestAdminPanics(t *testing.T) {
	t.Parallel()
	before := panics.Counts()["admin"]
	o := newTestAdmin(Config{
		Stock: func() any { panic("boom") },
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half an answer")
			panic("boom")
		}),
		Checks: []Check{{Name: "panics", Do: func(context.Context) error { panic("boom") }}},
	})
	if status, body := o.request("GET", "/cache", ""); status != 500 || strings.Contains(body, "boom") || !strings.Contains(body, "panic") {
		t.Errorf("%d %s", status, body)
	}
	err := panics.Try("test", func() error { o.request("GET", "/metrics", ""); return nil })
	if !errors.Is(err, http.ErrAbortHandler) {
		t.Errorf("%v, want the connection cut", err)
	}
	if n := panics.Counts()["admin"] - before; n != 2 {
		t.Errorf("%d were counted, want 2", n)
	}
	status, body := o.request("GET", "/readyz", "")
	if got := decode[readiness](t, body); status != 503 || got.Checks[0].Error != "panic: boom" {
		t.Errorf("%d %s", status, body)
	}
}
