package admin

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/explain"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/variant"
)

// deaf is a public listener that reads nothing, and blocks who has pictures made.
type deaf struct {
	making  chan http.Header
	release chan struct{}
}

func (deaf) Read(string, map[string][]string) (explain.Asked, error) {
	return explain.Asked{}, &variant.Error{Kind: variant.ErrOptions, Reason: "it is deaf"}
}

func (deaf) Preview(string, map[string][]string, *pipeline.Result, error) explain.Answer {
	return explain.Answer{Status: http.StatusBadRequest}
}

func (d deaf) Serve(_ context.Context, _ string, h map[string][]string) explain.Answer {
	d.making <- h
	<-d.release
	return explain.Answer{Status: http.StatusBadRequest}
}

// TestExplainHandler: what is refused, and how many explanations there are at a time.
func TestExplainHandler(t *testing.T) {
	t.Parallel()
	public := deaf{make(chan http.Header), make(chan struct{})}
	h := ExplainHandler(explain.New(explain.Config{Public: public}))
	ask := func(target string, headers ...string) int {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	for target, status := range map[string]int{
		"/bad": 200, "/bad?make=0": 200, "/bad?make=perhaps": 400, "/" + strings.Repeat("a", maxExplainPath): http.StatusRequestURITooLong,
	} {
		if got := ask(target); got != status {
			t.Errorf("%.40s: %d, want %d", target, got, status)
		}
	}
	if got := ask("/bad?make=1", "Sec-Fetch-Site", "cross-site"); got != http.StatusForbidden {
		t.Errorf("another site's page: %d", got)
	}
	done := make(chan int)
	go func() {
		done <- ask("/bad?make=1&accept=image/avif", "Accept", "*/*", "Save-Data", "on", "Cookie", "x")
	}()
	if got := <-public.making; len(got) != 2 || got.Get("Accept") != "image/avif" || got.Get("Save-Data") != "on" {
		t.Errorf("the client's headers are %v", got)
	}
	if got := ask("/bad?make=1"); got != http.StatusServiceUnavailable {
		t.Errorf("a second one that makes something: %d", got)
	}
	if got := ask("/bad"); got != http.StatusOK {
		t.Errorf("one that makes nothing: %d", got)
	}
	close(public.release)
	if got := <-done; got != http.StatusOK {
		t.Errorf("the first one: %d", got)
	}
}

// unread is a body that notices when somebody reads it.
type unread struct {
	io.Reader
	t *testing.T
}

func (b unread) Read(p []byte) (int, error) {
	b.t.Error("the body was read")
	return b.Reader.Read(p)
}

// A body says nothing, however it is encoded, and so leaves no file either.
func TestExplainHandlerReadsNoBody(t *testing.T) {
	t.Parallel()
	h := ExplainHandler(explain.New(explain.Config{Public: deaf{}})) // which blocks for good if something is made
	for encoding, body := range map[string]string{
		"application/x-www-form-urlencoded": "make=1",
		"multipart/form-data; boundary=x":   "--x\r\nContent-Disposition: form-data; name=make\r\n\r\n1\r\n--x--\r\n",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			r := httptest.NewRequest(method, "/bad", unread{strings.NewReader(body), t})
			r.Header.Set("Content-Type", encoding)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				t.Errorf("%s: %d", encoding, w.Code)
			}
		}
	}
}

// broken is a public listener that panics.
type broken struct{ deaf }

func (broken) Serve(context.Context, string, map[string][]string) explain.Answer { panic("broken") }

// A panic gives back the places that the explanation had.
func TestExplainHandlerPanics(t *testing.T) {
	t.Parallel()
	h := ExplainHandler(explain.New(explain.Config{Public: broken{}}))
	explain := func(target string) (status int) {
		defer func() { _ = recover() }()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
		return w.Code
	}
	for range maxExplained + 1 {
		if got := explain("/bad?make=1"); got != 0 {
			t.Errorf("%d instead of a panic", got)
		}
	}
	if got := explain("/bad"); got != http.StatusOK {
		t.Errorf("after the panics: %d", got)
	}
}
