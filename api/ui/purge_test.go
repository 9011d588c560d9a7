package ui

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/cache/eviction"
)

func TestDryRun(t *testing.T) {
	t.Parallel()
	began, finish := make(chan context.Context), make(chan error)
	p := &Purging{
		Limits: func(q url.Values) (p eviction.Policy, err error) {
			if p.All.MaxFiles = int64(len(q.Get("max-files"))); q.Has("wrong") {
				err = errors.New("a wrong limit")
			}
			return p, err
		},
		DryRun: func(ctx context.Context, limits eviction.Policy) (any, error) {
			began <- ctx
			return limits.All.MaxFiles, <-finish
		},
	}
	h := p.handler()
	ask := func(ctx context.Context, query string) <-chan *httptest.ResponseRecorder {
		answer := make(chan *httptest.ResponseRecorder, 1)
		go func() {
			w := httptest.NewRecorder()
			h(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/ui/api/purge?"+query, nil))
			answer <- w
		}()
		return answer
	}
	if w := <-ask(t.Context(), "wrong=1"); w.Code != 400 || !strings.Contains(w.Body.String(), "a wrong limit") {
		t.Errorf("a wrong limit: %d %s", w.Code, w.Body)
	}
	ctx, leave := context.WithCancel(t.Context())
	first := ask(ctx, "max-files=12345")
	running := <-began
	if w := <-ask(t.Context(), ""); w.Code != http.StatusConflict || w.Header().Get("Retry-After") == "" {
		t.Errorf("the second at once: %d %s", w.Code, w.Body)
	}
	leave()
	<-running.Done() // it ends with its client
	finish <- nil
	if w := <-first; w.Code != 200 || strings.TrimSpace(w.Body.String()) != "5" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	again := ask(t.Context(), "")
	<-began
	finish <- errors.New("the disk is gone")
	if w := <-again; w.Code != 500 || !strings.Contains(w.Body.String(), "the disk is gone") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
