package e2e

import (
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/thumbery/thumbery/internal/testkit/outage"
)

// With two ways to the same pictures, whatever happens to the first is not seen.
func TestOneOfTwoMirrors(t *testing.T) {
	const pictures = 24
	places := breakable(t, pictures, "near", "far")
	source := "/=" + places[0].Source() + "|" + places[1].Source()
	s := serve(t, append(impatient(), "--source", source, "--cache", t.TempDir(), "--hot", "64KiB", "--hedge", "300ms")...)
	m := mixture(t, s.url, pictures)
	for _, fault := range outage.Faults() {
		t.Run(fault.Name, func(t *testing.T) {
			must(t, places[0].Break(fault))
			began := time.Now()
			tally := askAll(t, m)
			t.Logf("answered in %v", time.Since(began).Round(time.Millisecond))
			must(t, places[0].Heal())
			wantHonest(t, tally)
			refused := tally.Count(outage.Unseen, http.StatusServiceUnavailable)
			if refused > 0 && !fault.Hidden {
				t.Errorf("%d were refused", refused)
				tally.Print(os.Stderr)
			}
			wantRecovery(t, m)
			s.awaitOrigins(t)
		})
	}
	t.Run("both", func(t *testing.T) {
		for _, p := range places {
			must(t, p.Break(outage.Faults()[0]))
		}
		tally := askAll(t, m)
		for _, p := range places {
			must(t, p.Heal())
		}
		wantHonest(t, tally)
		if tally.Count(outage.Unseen, http.StatusOK) > 0 {
			t.Error("the fault is none")
		}
		wantRecovery(t, m)
	})
}

// awaitOrigins waits until every place is asked again.
func (s *server) awaitOrigins(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 200 {
		ready := get(t, s.admin+"/readyz") // asks them
		if s.total(t, "thumbery_origin_state") == 0 {
			return
		}
		if ready.status != http.StatusOK {
			t.Fatalf("not ready: %s", ready.body)
		}
		<-tick.C
	}
	t.Fatal("some place is not asked any more")
}

// A picture that comes cut short, with a length that agrees, is not served in any
// size, and not kept: when S3 is well again, it comes.
func TestShortened(t *testing.T) {
	const pictures = 4
	place := breakable(t, pictures, "s3")[0]
	s := serve(t, append(impatient(), "--source", "/="+place.Source(), "--cache", t.TempDir())...)
	wish := outage.Sized(pictures-1, 120, 80, "")
	must(t, place.Break(outage.Shortened()))
	if r := get(t, s.url+wish.Path); r.status != http.StatusUnprocessableEntity && r.status != http.StatusServiceUnavailable {
		t.Errorf("%d with %d bytes", r.status, len(r.body))
	}
	must(t, place.Heal())
	wantPicture(t, get(t, s.url+wish.Path), 120, 80, "jpeg")
}
