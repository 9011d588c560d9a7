package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// An answer that was not wanted is told, and why there is none.
func TestUnexpected(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "busy", http.StatusServiceUnavailable)
	}))
	defer s.Close()
	c := newClient(s.URL)
	defer c.close()
	_, err := c.picture(t.Context(), "/60x/a.jpg", "")
	for _, err := range []error{err, c.decoded(t.Context(), http.MethodGet, "/readyz", "", http.StatusOK, nil)} {
		if err == nil || !strings.HasSuffix(err.Error(), ": answered with 503 busy\n") {
			t.Errorf("%v", err)
		}
	}
	s.Close()
	if _, err = c.picture(t.Context(), "/60x/a.jpg", ""); err == nil || strings.Contains(err.Error(), "%!") || strings.Contains(err.Error(), "answered") {
		t.Errorf("%v", err)
	}
}
