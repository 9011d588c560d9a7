package faults

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/thumbery/thumbery/e2e"

	"github.com/thumbery/thumbery/internal/testkit/outage"
)

// With two mirrors, whatever happens to the first one is invisible to clients.
func TestOneOfTwoMirrors(t *testing.T) {
	t.Parallel()
	const pictures = 24
	backends := breakable(t, "near", "far")
	source := "/=" + backends[0].Source() + "|" + backends[1].Source()
	// The time-outs are long, so that it is the hedge that helps, also on a busy machine.
	s := e2e.Serve(t, "--source", source, "--cache", t.TempDir(), "--hot", "64KiB", "--hedge", "300ms", "--max-versions", "0",
		"--first-byte-timeout", "20s", "--stall-timeout", "5s", "--fetch-timeout", "60s")
	m := mixture(t, s.URL, pictures)
	for _, fault := range outage.Faults() {
		t.Run(fault.Name, func(t *testing.T) {
			e2e.Must(t, backends[0].Break(fault))
			began := time.Now()
			tally := askAll(t, m)
			t.Logf("answered in %v", time.Since(began).Round(time.Millisecond))
			e2e.Must(t, backends[0].Restore())
			wantHonest(t, tally)
			refused := tally.Count(outage.Unseen, http.StatusServiceUnavailable)
			if refused > 0 && !fault.Hidden {
				t.Errorf("%d were refused", refused)
				tally.Print(os.Stderr)
			}
			wantRecovery(t, m)
			awaitOrigins(t, s)
		})
	}
	t.Run("both", func(t *testing.T) {
		for _, p := range backends {
			e2e.Must(t, p.Break(outage.Faults()[0]))
		}
		tally := askAll(t, m)
		for _, p := range backends {
			e2e.Must(t, p.Restore())
		}
		wantHonest(t, tally)
		if tally.Count(outage.Unseen, http.StatusOK) > 0 {
			t.Error("the fault is none")
		}
		wantRecovery(t, m)
	})
}

// awaitOrigins waits until all circuit breakers are closed.
func awaitOrigins(t *testing.T, s *e2e.Server) {
	t.Helper()
	e2e.Eventually(t, "every origin is asked again", func() bool {
		r := e2e.Get(t, s.Admin+"/readyz") // probes them
		var ready struct{ Checks []struct{ State string } }
		if err := json.Unmarshal(r.Body, &ready); err != nil || r.Status != http.StatusOK {
			t.Fatalf("not ready: %s", r.Body)
		}
		return !slices.ContainsFunc(ready.Checks, func(c struct{ State string }) bool { return c.State != "" && c.State != "closed" })
	})
}

// A truncated original with a matching Content-Length is neither served in any size nor
// cached; it is fetched again when S3 works again.
func TestShortened(t *testing.T) {
	t.Parallel()
	const pictures = 4
	backend := breakable(t, "s3")[0]
	s := e2e.Serve(t, append(shortTimeouts(), "--source", "/="+backend.Source(), "--cache", t.TempDir())...)
	request := outage.Sized(pictures-1, 120, 80, "")
	e2e.Must(t, backend.Break(outage.Shortened()))
	if r := e2e.Get(t, s.URL+request.Path); r.Status != http.StatusUnprocessableEntity && r.Status != http.StatusServiceUnavailable {
		t.Errorf("%d with %d bytes", r.Status, len(r.Body))
	}
	e2e.Must(t, backend.Restore())
	e2e.WantPicture(t, e2e.Get(t, s.URL+request.Path), 120, 80, "jpeg")
}
