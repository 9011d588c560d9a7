package explain_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/thumbery/thumbery/explain"
)

// TestChangesNothing: what is in the cache, in memory and on disk, and what is counted, is the
// same after an explanation, whatever it is about.
func TestChangesNothing(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *config) { c.public.Hot.After, c.public.Hot.Window = 20, 1<<40 })
	get(t, s, "/40x/cat.jpg", 200)
	get(t, s, "/40x/no.jpg", 404)
	age(t, s.directory)
	before, opens, calls, answered := tree(t, s.directory), s.origin.TotalOpens(), s.resizer.Calls(), s.answered
	for _, path := range []string{"/40x/cat.jpg", "/x40,f_auto/cat.jpg", "/raw/cat.jpg", "/info/cat.jpg", "/40x/no.jpg", "/40x/other.jpg", "/64x64,g_smart/cat.jpg", "/v_2,40x/cat.jpg", "/bad/cat.jpg", "/"} {
		for range 2 {
			s.ask(t, path, "image/avif")
		}
		if changed := differences(before, tree(t, s.directory)); len(changed) > 0 || len(before) != len(tree(t, s.directory)) {
			t.Errorf("%s changed the cache: %v", path, changed)
		}
	}
	if s.origin.TotalOpens() != opens || s.resizer.Calls() != calls || s.answered != answered {
		t.Errorf("%d fetches, %d pictures, %d answers", s.origin.TotalOpens()-opens, s.resizer.Calls()-calls, s.answered-answered)
	}
	if d := section(t, s.ask(t, "/40x/cat.jpg", ""), "file").Data.(*explain.FileData); d.Requests != 1 {
		t.Errorf("%d requests were counted, and 1 was made", d.Requests)
	}
}

func get(t *testing.T, s *service, path string, status int) {
	t.Helper()
	w := httptest.NewRecorder()
	s.public.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	if w.Code != status {
		t.Errorf("%s: %d, want %d", path, w.Code, status)
	}
}
