package admin

import (
	"context"
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
