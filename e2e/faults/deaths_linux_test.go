package faults

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/thumbery/thumbery/e2e"
	"github.com/thumbery/thumbery/internal/testkit/misdeeds"
)

// withMisdeed is a small picture that has the process that makes something of it do a misdeed.
func withMisdeed(t *testing.T, misdeed string) []byte {
	t.Helper()
	return misdeeds.Picture(e2e.Read(t, filepath.Join(e2e.Testdata(t), "odd/gray.jpg")), misdeed)
}

// A picture that a child process dies of costs its own requests: the first is 500, later
// ones are 422, as it is in quarantine; or what ran out is said, every time. Nothing of it
// is cached, its original stays, and other pictures are made.
func TestDeaths(t *testing.T) {
	t.Parallel()
	crashes := []string{"crashed", "quarantined", "quarantined"}
	always := func(kind string) []string { return []string{kind, kind, kind} }
	for misdeed, tt := range map[string]struct {
		kinds  []string
		cause  string
		deaths float64
		flags  []string
	}{
		"segv":    {crashes, "signal", 2, nil},
		"abort":   {crashes, "signal", 2, nil},
		"exit":    {crashes, "signal", 2, nil},
		"garbage": {crashes, "protocol", 2, nil},
		"memory":  {always("too-much-memory"), "memory", 3, []string{"--memory", "512MiB"}},
		"loop":    {always("too-slow"), "time", 3, []string{"--resize-timeout", "2s"}},
	} {
		t.Run(misdeed, func(t *testing.T) {
			t.Parallel()
			pictures := t.TempDir()
			for key, body := range map[string][]byte{"hostile.jpg": withMisdeed(t, misdeed), "honest.jpg": withMisdeed(t, "keep")} {
				if err := os.WriteFile(filepath.Join(pictures, key), body, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			s := e2e.Serve(t, append(tt.flags, "--source", "/=file:"+pictures, "--cache", t.TempDir(), "--mezzanine", "0", "--workers", "2")...)
			for i, path := range []string{"/40x/", "/40x/", "/41x,v_2/"} {
				e2e.WantProblem(t, path, e2e.Get(t, s.URL+path+"hostile.jpg"), misdeeds.Statuses[tt.kinds[i]], tt.kinds[i], "")
			}
			if misdeed != "loop" { // there, an honest picture might be too slow, too
				e2e.WantPicture(t, e2e.Get(t, s.URL+"/42x/honest.jpg"), 42, 28, "jpeg")
			}
			if r := e2e.Get(t, s.URL+"/raw/hostile.jpg"); r.Status != 200 || string(r.Body) != string(withMisdeed(t, misdeed)) {
				t.Errorf("the original: %d", r.Status)
			}
			if n := s.Metric(t, `thumbery_worker_deaths_total{cause="`+tt.cause+`"}`); n != tt.deaths {
				t.Errorf("%v deaths of cause %s, want %v", n, tt.cause, tt.deaths)
			}
			s.Log.AwaitText(t, "key=hostile.jpg format=jpeg")
			if r := e2e.Ask(t, http.MethodDelete, s.Admin+"/cache/hostile.jpg"); r.Status != 200 {
				t.Errorf("DELETE: %d", r.Status)
			}
			e2e.WantProblem(t, "forgotten", e2e.Get(t, s.URL+"/40x/hostile.jpg"), misdeeds.Statuses[tt.kinds[0]], tt.kinds[0], "")
		})
	}
}
