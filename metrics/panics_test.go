package metrics

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/internal/panics"
)

func TestPanicsAreCounted(t *testing.T) {
	t.Parallel()
	m := New()
	m.registry.MustRegister(newRecovered())
	for range 2 {
		_ = panics.Try("test", func() error { panic("boom") })
	}
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if want := "thumbery_panics_total{where=\"test\"} 2\n"; !strings.Contains(w.Body.String(), want) {
		t.Errorf("there is no %s in\n%s", want, w.Body)
	}
}
