package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// A check that hangs is a check that fails, and two of one name are two.
func TestReadiness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		defer close(hang)
		admin := NewAdmin(AdminConfig{Checks: []Check{
			{"good", func(context.Context) error { return nil }},
			{"same", func(context.Context) error { return errors.New("down") }},
			{"same", func(context.Context) error { return nil }},
			{"hangs", func(context.Context) error { <-hang; return nil }},
		}})
		began := time.Now()
		w := httptest.NewRecorder()
		admin.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
		var got readiness
		if err := json.NewDecoder(w.Body).Decode(&got); err != nil {
			t.Fatal(err)
		}
		if w.Code != 503 || got.Ready || len(got.Checks) != 4 || time.Since(began) != checkTimeout {
			t.Fatalf("%d %+v after %v", w.Code, got, time.Since(began))
		}
		for i, want := range []bool{true, false, true, false} {
			if got.Checks[i].OK != want || want != (got.Checks[i].Error == "") {
				t.Errorf("check %d: %+v, want ok %v", i, got.Checks[i], want)
			}
		}
	})
}
